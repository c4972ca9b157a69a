"""Evaluates an expression: the total semantics in plain Python, to which every engine is held.

No row can raise an error: what has no result is NULL. A NUMBER is a finite double and there is one zero (never -0.0).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, DatePart, Value
from hansa_core.plan import text_functions
from hansa_core.plan.calendar import difference, extract, shifted, truncate
from hansa_core.plan.casts import midnight, round_half_away, try_cast
from hansa_core.plan.expression import ARITHMETIC, COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.plan.grid import grid_cell
from hansa_core.plan.typing import Columns, case_values, type_of
from hansa_core.plan.typing_text import TEXT_FUNCTIONS

Row = Mapping[str, Value | None]
Evaluator = Callable[[Row], Value | None]

_COMPARE: Mapping[Op, Callable[[Value, Value], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}
_COMPUTE: Mapping[Op, Callable[[float, float], float]] = {
    Op.ADD: operator.add,
    Op.SUB: operator.sub,
    Op.MUL: operator.mul,
}

ROUNDINGS: Mapping[Op, Callable[[float], int]] = {
    Op.FLOOR: math.floor,
    Op.CEIL: math.ceil,
    Op.TRUNC: math.trunc,
    Op.ROUND: round_half_away,
}
"""What makes a whole number of a double; an integer is one."""


def evaluate(expression: Expression, row: Row, columns: Columns) -> Value | None:
    """The value of the expression in one row; `columns`: the type of each column. Refuses what is ill-typed."""
    return evaluator(expression, columns)(row)


def evaluator(expression: Expression, columns: Columns) -> Evaluator:
    """The expression as a function of a row, typed once: for many rows."""
    type_of(expression, columns)
    return _build(expression, columns)


def _build(node: Expression, columns: Columns) -> Evaluator:
    match node:
        case Column(name):
            return lambda row: row[name]
        case Literal(value, _):
            constant = value + 0.0 if isinstance(value, float) else value  # -0.0 becomes 0.0
            return lambda row: constant
        case Call(Op.CASE, args):
            return _case(args, type_of(node, columns), columns)
        case Call(Op.COALESCE, args):
            arms = [_widened(argument, type_of(node, columns), columns) for argument in args]
            return lambda row: next((value for arm in arms if (value := arm(row)) is not None), None)
        case Call(Op.GREATEST | Op.LEAST as op, args):
            arms = [_widened(argument, type_of(node, columns), columns) for argument in args]
            choose = max if op is Op.GREATEST else min
            return lambda row: choose(_known(arm(row) for arm in arms), default=None)
        case Call(Op.NULLIF, (kept, unwanted)):
            left, right = _widened(kept, type_of(node, columns), columns), _build(unwanted, columns)
            return lambda row: _null_if(left(row), right(row))
        case Call(op, args):
            inputs = [_build(argument, columns) for argument in args]
            apply = _function(op)
            return lambda row: apply([read(row) for read in inputs])


def _known(values: Iterable[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]


def _widened(node: Expression, target: DataType, columns: Columns) -> Evaluator:
    """An arm of a numeric mix: an integer arm gives a double."""
    read = _build(node, columns)
    if target is DataType.NUMBER and type_of(node, columns) is DataType.INTEGER:
        return lambda row: None if (value := read(row)) is None else float(value)  # type: ignore[arg-type]
    return read


def _case(args: Sequence[Expression], target: DataType, columns: Columns) -> Evaluator:
    conditions = [_build(condition, columns) for condition in args[0 : len(args) - 1 : 2]]
    values = [_widened(value, target, columns) for value in case_values(args)]
    otherwise = values[-1] if len(values) > len(conditions) else lambda row: None
    arms = list(zip(conditions, values, strict=False))
    return lambda row: next((value for condition, value in arms if condition(row) is True), otherwise)(row)


def _function(op: Op) -> Callable[[list[Value | None]], Value | None]:
    match op:
        case Op.AND:
            return lambda values: _decided_by(False, values)
        case Op.OR:
            return lambda values: _decided_by(True, values)
        case Op.IS_NULL:
            return lambda values: values[0] is None
        case Op.IN:
            return lambda values: _decided_by(True, [_strict(Op.EQ, [values[0], item]) for item in values[1:]])
        case _:
            return lambda values: _strict(op, values)


def _decided_by(decisive: bool, values: Sequence[Value | None]) -> bool | None:
    """AND is decided by a false, OR by a true, whatever else is NULL."""
    if any(value is decisive for value in values):
        return decisive
    return None if any(value is None for value in values) else not decisive


def _null_if(kept: Value | None, unwanted: Value | None) -> Value | None:
    return None if _strict(Op.EQ, [kept, unwanted]) is True else kept


def _strict(op: Op, values: Sequence[Value | None]) -> Value | None:
    """An operator that is NULL as soon as an argument is."""
    match [value for value in values if value is not None]:
        case known if len(known) < len(values):
            return None
        case [left, right] if op in COMPARISONS:
            return _COMPARE[op](*_aligned(left, right))
        case [(int() | float()) as left, (int() | float()) as right] if op in ARITHMETIC:
            return _arithmetic(op, left, right)
        case [(int() | float()) as x, (int() | float()) as width] if op is Op.BIN:
            return _bin(x, width)
        case [bool() as x] if op is Op.NOT:
            return not x
        case [(int() | float()) as x] if op is Op.ABS:
            return _checked(abs(x))
        case [x, str() as target] if op is Op.TRY_CAST:
            return try_cast(x, DataType(target))
        case [str() as part, date() as x] if op is Op.DATE_TRUNC:
            return truncate(DatePart(part), x)
        case [str() as part, date() as x] if op is Op.EXTRACT:
            return extract(DatePart(part), x)
        case [str() as part, date() as start, date() as end] if op is Op.DATE_DIFF:
            return difference(DatePart(part), start, end)
        case [str() as part, date() as x, int() as count] if op is Op.DATE_ADD:
            return shifted(DatePart(part), x, count)
        case [int() as x, int() as y] if op is Op.MOD:
            return int(math.copysign(1, x)) * (abs(x) % abs(y)) if y else None
        case [int() as x] if op in ROUNDINGS:
            return x
        case [float() as x] if op in ROUNDINGS:
            return float(ROUNDINGS[op](x)) + 0.0
        case [(int() | float()) as x] if op is Op.SQRT:
            return math.sqrt(float(x)) + 0.0 if x >= 0 else None
        case [str() as x, *others] if op in TEXT_FUNCTIONS:
            return _text_function(op, x, others)
        case [(int() | float()) as latitude, (int() | float()) as longitude, int() as metres] if op is Op.GRID:
            return grid_cell(float(latitude), float(longitude), metres)
        case _:
            raise AssertionError(f"{op} does not fit its arguments' types")


def _text_function(op: Op, x: str, others: Sequence[Value]) -> Value:
    match op, others:
        case Op.LIKE, [str() as pattern]:
            return text_functions.is_like(x, pattern)
        case Op.ILIKE, [str() as pattern]:
            return text_functions.is_like(text_functions.lower(x), text_functions.lower(pattern))
        case Op.LOWER, []:
            return text_functions.lower(x)
        case Op.UPPER, []:
            return text_functions.upper(x)
        case Op.LENGTH, []:
            return len(x)
        case Op.LEFT, [int() as count]:
            return x[:count]
        case Op.RIGHT, [int() as count]:
            return text_functions.right(x, count)
        case Op.SUBSTRING, [int() as first]:
            return x[first - 1 :]
        case Op.SUBSTRING, [int() as first, int() as count]:
            return x[first - 1 : first - 1 + count]
        case Op.TRIM, []:
            return x.strip(" ")
        case Op.LTRIM, []:
            return x.lstrip(" ")
        case Op.RTRIM, []:
            return x.rstrip(" ")
        case Op.JOIN, texts:
            return "".join([x, *map(str, texts)])
        case _:
            raise AssertionError(f"{op} does not fit its arguments' types")


def _aligned(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides in one type: an integer beside a number as a double, a date beside a timestamp as midnight."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)  # type: ignore[arg-type]
    if isinstance(left, datetime) or isinstance(right, datetime):
        return midnight(left), midnight(right)  # type: ignore[arg-type]
    return left, right


def _checked(value: float) -> float | None:
    """NULL for an integer outside 64 bits and for a double that is not finite."""
    if isinstance(value, int):
        return value if INT64_MIN <= value <= INT64_MAX else None
    return value + 0.0 if math.isfinite(value) else None


def _arithmetic(op: Op, left: float, right: float) -> float | None:
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    if op is Op.DIV:
        return _checked(left / right) if right else None  # of integers the nearest double, rounded once
    return _checked(_COMPUTE[op](left, right))


def _bin(x: float, width: float) -> float | None:
    if isinstance(x, int) and isinstance(width, int):
        return _checked(x // width * width)
    steps = _checked(float(x) / float(width))
    return None if steps is None else _checked(float(math.floor(steps)) * float(width))
