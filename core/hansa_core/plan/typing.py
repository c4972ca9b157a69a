"""Types of expressions, and which calls are well formed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import TRUNCATIONS, DataType, DatePart
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.casts import CASTS
from hansa_core.plan.expression import ARITHMETIC, COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.plan.grid import MAX_METRES
from hansa_core.plan.limits import MAX_TEXT_LENGTH
from hansa_core.plan.size import check_size
from hansa_core.plan.typing_text import TEXT_FUNCTIONS, text_function_type

Columns = Mapping[str, DataType]
_T = TypeVar("_T")


def column_types(contract: Contract) -> dict[str, DataType]:
    """The type of each column of the contract."""
    return {column.name: column.type for column in contract.columns.values()}


def type_of(expression: Expression, columns: Columns, field: str = "") -> DataType:
    """The type of the expression. Raises RefusedError (`unknown_column`, `wrong_type`, or a size code) at `field`."""
    check_size([(field, expression)])
    return _type_of(expression, columns, field)


def expect_boolean(condition: Expression, columns: Columns, field: str) -> None:
    """Refuse a filter or condition that is not true or false."""
    found = type_of(condition, columns, field)
    if found is not DataType.BOOLEAN:
        raise _wrong(field, f"a condition is boolean, and this one is {found}", "compare it with something")


def comparable(left: DataType, right: DataType) -> bool:
    """Whether `=` and `<` are defined between the two."""
    return left is right or (left.is_numeric and right.is_numeric) or (left.is_temporal and right.is_temporal)


def _wrong(field: str, rule: str, remedy: str) -> RefusedError:
    return RefusedError("wrong_type", rule, remedy, field)


def _type_of(node: Expression, columns: Columns, field: str) -> DataType:
    match node:
        case Column(name):
            if name not in columns:
                raise RefusedError(
                    "unknown_column", f"{shown(name)} is no column of the contract", nearest(name, columns), field
                )
            return columns[name]
        case Literal(value, kind):
            _check_literal(value, field)
            return kind
        case Call(op, args):
            return _call_type(op, args, [_type_of(argument, columns, field) for argument in args], field)


def _check_literal(value: object, field: str) -> None:
    if isinstance(value, str) and len(value) > MAX_TEXT_LENGTH:
        rule = f"a text in a question has at most {MAX_TEXT_LENGTH} characters"
        raise RefusedError("too_large", rule, "write a shorter one", field)
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise _wrong(field, "text is valid Unicode", "remove the lone surrogates")


def _call_type(op: Op, args: Sequence[Expression], kinds: Sequence[DataType], field: str) -> DataType:
    _check_count(op, len(args), field)
    if op in COMPARISONS or op is Op.NULLIF:
        _expect_comparable(op, kinds[0], kinds[1:], field)
        return _common(op, kinds, field) if op is Op.NULLIF else DataType.BOOLEAN
    if op in ARITHMETIC or op is Op.ABS:
        _expect_numeric(op, kinds, field)
        return DataType.NUMBER if op is Op.DIV else _common(op, kinds, field)
    match op:
        case Op.AND | Op.OR | Op.NOT:
            _expect_conditions(op, kinds, field)
            return DataType.BOOLEAN
        case Op.IS_NULL:
            return DataType.BOOLEAN
        case Op.IN:
            if not all(isinstance(item, Literal) for item in args[1:]) or len(set(kinds[1:])) != 1:
                raise _wrong(field, "IN lists literals of one type", "write x = a OR x = b for anything else")
            _expect_comparable(op, kinds[0], kinds[1:], field)
            return DataType.BOOLEAN
        case Op.COALESCE:
            return _common(op, kinds, field)
        case Op.CASE:
            _expect_conditions(op, kinds[0 : len(kinds) - 1 : 2], field)
            return _common(op, case_values(kinds), field)
        case Op.TRY_CAST:
            return _cast_type(args[1], kinds[0], field)
        case Op.DATE_TRUNC | Op.EXTRACT | Op.DATE_DIFF | Op.DATE_ADD:
            return _calendar_type(op, args, kinds, field)
        case Op.GREATEST | Op.LEAST:
            for other in kinds[1:]:
                _expect_comparable(op, kinds[0], [other], field)
            return _common(op, kinds, field)
        case Op.FLOOR | Op.CEIL | Op.TRUNC | Op.ROUND | Op.SQRT:
            _expect_numeric(op, kinds, field)
            return DataType.NUMBER if op is Op.SQRT else kinds[0]
        case Op.MOD:
            if set(kinds) != {DataType.INTEGER}:
                raise _wrong(
                    field, "% is of integers: engines round other remainders differently", "cast both to BIGINT"
                )
            return DataType.INTEGER
        case _ if op in TEXT_FUNCTIONS:
            return text_function_type(op, args, kinds, field)
        case Op.BIN:
            width = args[1].value if isinstance(args[1], Literal) else None
            if not isinstance(width, int | float) or isinstance(width, bool) or width <= 0:
                raise _wrong(field, "the width of bin(x, width) is a number above 0", "write for example bin(x, 10)")
            _expect_numeric(op, kinds, field)
            return _common(op, kinds, field)
        case Op.GRID:
            metres = args[2].value if isinstance(args[2], Literal) and kinds[2] is DataType.INTEGER else None
            if not isinstance(metres, int) or not 1 <= metres <= MAX_METRES:
                raise _wrong(
                    field, f"grid takes whole metres from 1 to {MAX_METRES}", "write for example grid(lat, lon, 500)"
                )
            _expect_numeric(op, kinds[:2], field)
            return DataType.INTEGER
        case _:
            raise AssertionError(f"no typing rule for {op}")


def case_values(args: Sequence[_T]) -> list[_T]:
    """The values of CASE among its arguments, an ELSE last."""
    return [*args[1::2], *(args[-1:] if len(args) % 2 else ())]


_ARITY = {
    **dict.fromkeys(COMPARISONS | ARITHMETIC | {Op.NULLIF, Op.TRY_CAST, Op.DATE_TRUNC, Op.EXTRACT, Op.BIN}, (2, 2)),
    **dict.fromkeys((Op.NOT, Op.IS_NULL, Op.ABS), (1, 1)),
    **dict.fromkeys((Op.AND, Op.OR, Op.IN, Op.COALESCE, Op.CASE), (2, None)),
    Op.GRID: (3, 3),
    **dict.fromkeys((Op.FLOOR, Op.CEIL, Op.TRUNC, Op.ROUND, Op.SQRT, Op.LOWER, Op.UPPER, Op.LENGTH), (1, 1)),
    **dict.fromkeys((Op.TRIM, Op.LTRIM, Op.RTRIM), (1, 1)),
    **dict.fromkeys((Op.MOD, Op.LIKE, Op.ILIKE, Op.LEFT, Op.RIGHT), (2, 2)),
    **dict.fromkeys((Op.GREATEST, Op.LEAST, Op.JOIN), (2, None)),
    **dict.fromkeys((Op.DATE_DIFF, Op.DATE_ADD), (3, 3)),
    Op.SUBSTRING: (2, 3),
}


def _check_count(op: Op, count: int, field: str) -> None:
    least, most = _ARITY[op]
    if count < least or (most is not None and count > most):
        demanded = f"{least} arguments" if most == least else f"{least} or more arguments"
        raise _wrong(field, f"{op} takes {demanded}, and this one has {count}", "see the list of operators")


def _expect_comparable(op: Op, first: DataType, others: Sequence[DataType], field: str) -> None:
    for other in others:
        if not comparable(first, other):
            raise _wrong(
                field,
                f"{op} compares values of one type, and these are {first} and {other}",
                f"convert one side with TRY_CAST, or write the literal as {first}",
            )


def _expect_numeric(op: Op, kinds: Sequence[DataType], field: str) -> None:
    for kind in kinds:
        if not kind.is_numeric:
            raise _wrong(
                field,
                f"{op} takes integers and numbers, and this is {kind}",
                "use extract(part FROM x) for calendar arithmetic" if kind.is_temporal else "convert it with TRY_CAST",
            )


def _expect_conditions(op: Op, kinds: Sequence[DataType], field: str) -> None:
    for kind in kinds:
        if kind is not DataType.BOOLEAN:
            raise _wrong(field, f"{op} takes conditions, and this is {kind}", "compare it with something")


def _common(op: Op, kinds: Sequence[DataType], field: str) -> DataType:
    if len(set(kinds)) == 1:
        return kinds[0]
    if all(kind.is_numeric for kind in kinds):
        return DataType.NUMBER
    raise _wrong(
        field,
        f"the values of {op} have one type, and these are {', '.join(sorted(set(kinds)))}",
        "convert them to one type with TRY_CAST",
    )


def _name_argument(argument: Expression) -> str:
    return argument.value if isinstance(argument, Literal) and isinstance(argument.value, str) else ""


def _cast_type(argument: Expression, source: DataType, field: str) -> DataType:
    name = _name_argument(argument)
    if name not in set(DataType):
        raise _wrong(field, f"TRY_CAST names a type, and {shown(name)} is none", nearest(name, DataType))
    target = DataType(name)
    if (source, target) not in CASTS:
        offered = sorted(to for of, to in CASTS if of is source)
        raise _wrong(
            field, f"TRY_CAST does not convert {source} to {target}", f"{source} converts to {', '.join(offered)}"
        )
    return target


def _calendar_type(op: Op, args: Sequence[Expression], kinds: Sequence[DataType], field: str) -> DataType:
    moments = kinds[1:] if op is Op.DATE_DIFF else kinds[1:2]
    for kind in moments:
        if not kind.is_temporal:
            raise _wrong(field, f"{op} takes a date or timestamp, and this is {kind}", "convert it with TRY_CAST")
    name = _name_argument(args[0])
    parts = tuple(DatePart) if op is Op.EXTRACT else TRUNCATIONS
    takes_parts_of_days = DataType.TIMESTAMP in moments or op is Op.DATE_DIFF
    offered = [part for part in parts if takes_parts_of_days or not part.is_within_day]
    if name not in offered:
        raise _wrong(field, f"{op} of a {kinds[1]} knows no part {shown(name)}", nearest(name, offered))
    if op is Op.DATE_ADD and not (isinstance(args[2], Literal) and kinds[2] is DataType.INTEGER):
        raise _wrong(field, "an interval is a whole number of one part", "write for example day + INTERVAL 7 DAY")
    return kinds[1] if op in (Op.DATE_TRUNC, Op.DATE_ADD) else DataType.INTEGER
