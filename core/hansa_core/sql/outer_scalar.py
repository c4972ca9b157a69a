"""SQL expressions that may be computed over the released table at the analyst's side."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, DatePart
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.sql import functions
from hansa_core.sql.clause import refused, unsplittable
from hansa_core.sql.functions import function_name
from hansa_core.sql.strftime import moment_of, strftime_of

_FUNCTIONS: dict[str, type[exp.Expr]] = {
    "abs": exp.Abs,
    "acos": exp.Acos,
    "asin": exp.Asin,
    "atan": exp.Atan,
    "atan2": exp.Atan2,
    "case": exp.Case,
    "cast": exp.Cast,
    "cbrt": exp.Cbrt,
    "ceil": exp.Ceil,
    "coalesce": exp.Coalesce,
    "concat": exp.Concat,
    "concat_ws": exp.ConcatWs,
    "contains": exp.Contains,
    "cos": exp.Cos,
    "date_diff": exp.DateDiff,
    "date_trunc": exp.TimestampTrunc,
    "day": exp.Day,
    "dayname": exp.Dayname,
    "dayofweek": exp.DayOfWeek,
    "dayofyear": exp.DayOfYear,
    "degrees": exp.Degrees,
    "ends_with": exp.EndsWith,
    "epoch": exp.TimeToUnix,
    "exp": exp.Exp,
    "extract": exp.Extract,
    "floor": exp.Floor,
    "greatest": exp.Greatest,
    "hour": exp.Hour,
    "if": exp.If,
    "isodow": exp.DayOfWeekIso,
    "last_day": exp.LastDay,
    "least": exp.Least,
    "left": exp.Left,
    "length": exp.Length,
    "ln": exp.Ln,
    "log": exp.Log,
    "lower": exp.Lower,
    "lpad": exp.Pad,
    "make_date": exp.DateFromParts,
    "minute": exp.Minute,
    "month": exp.Month,
    "monthname": exp.Monthname,
    "nullif": exp.Nullif,
    "pi": exp.Pi,
    "power": exp.Pow,
    "quarter": exp.Quarter,
    "radians": exp.Radians,
    "replace": exp.Replace,
    "reverse": exp.Reverse,
    "right": exp.Right,
    "round": exp.Round,
    "second": exp.Second,
    "sign": exp.Sign,
    "sin": exp.Sin,
    "split_part": exp.SplitPart,
    "sqrt": exp.Sqrt,
    "starts_with": exp.StartsWith,
    "strftime": exp.TimeToStr,
    "strpos": exp.StrPosition,
    "substring": exp.Substring,
    "tan": exp.Tan,
    "to_char": exp.ToChar,
    "trim": exp.Trim,
    "trunc": exp.Trunc,
    "try_cast": exp.TryCast,
    "upper": exp.Upper,
    "week": exp.Week,
    "year": exp.Year,
}
OFFERED_OVER_ANSWERS = tuple(_FUNCTIONS)
"""The names of the functions that may stand over the answer."""
_OPERATORS = (
    *(exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike),
    *(exp.Literal, exp.Boolean, exp.Null, exp.DateTrunc, exp.WeekOfYear, exp.Interval, exp.DateAdd),
)
_ALLOWED = frozenset({*_FUNCTIONS.values(), *_OPERATORS})
_PLAIN_TYPES = frozenset(
    {
        *(exp.DType.BOOLEAN, exp.DType.INT, exp.DType.BIGINT, exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.TEXT),
        *(exp.DType.VARCHAR, exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ),
    }
)

Resolve = Callable[[exp.Expr], exp.Expr | None]
"""Gives the released column for a node that stands for one, None for a node to be looked into, or refuses it."""


def read_outer(node: exp.Expr, resolve: Resolve) -> exp.Expr:
    """A new tree over the released table, made only of what `_ALLOWED` lists. Raises RefusedError."""
    resolved = resolve(node)
    if resolved is not None:
        return resolved
    if type(node) not in _ALLOWED:
        raise _not_allowed(node)
    if isinstance(node, exp.Literal):
        return _literal(node)
    match node:
        case exp.Cast():
            _check_cast(node)
        case exp.Pad():
            _check_width(node)
        case exp.Interval():
            functions.boundaries(node, node.args.get("unit"))
        case exp.TimeToStr() if moment_of(node) is not node.this:
            return exp.TimeToStr(this=read_outer(moment_of(node), resolve), format=node.this.copy())
        case exp.ToChar():
            return exp.TimeToStr(this=read_outer(node.this, resolve), format=exp.Literal.string(strftime_of(node)))
        case exp.DateDiff():
            return _boundaries(node, [read_outer(end, resolve) for end in (node.this, node.expression)])
    return type(node)(**{name: _read_argument(value, resolve) for name, value in node.args.items()})


def _read_argument(value: object, resolve: Resolve) -> object:
    match value:
        case list():
            return [_read_argument(item, resolve) for item in value]
        case exp.Var() | exp.DataType():  # the part of a date, the type of a cast: words, never names
            return value.copy()
        case exp.Expr():
            return read_outer(value, resolve)
    return value


def _literal(node: exp.Literal) -> exp.Expr:
    """A number with a point is a double here as it is in the plan; DuckDB alone would make it a DECIMAL."""
    text = str(node.this)
    small_integer = text.isdigit() and len(text) <= len(str(INT64_MAX)) and int(text) <= INT64_MAX
    if node.is_string or small_integer or "e" in text.lower():
        return node.copy()
    return exp.Literal.number(f"{text}e0")


def _boundaries(node: exp.DateDiff, ends: list[exp.Expr]) -> exp.DateDiff:
    """date_diff as the cities count it: DuckDB's own counts full weeks, where boundaries are crossed."""
    unit = functions.boundaries(node, node.args.get("unit"))
    if unit.value == DatePart.WEEK:
        ends = [exp.TimestampTrunc(this=end, unit=exp.Var(this="WEEK")) for end in ends]
    part = exp.Var(this=str(unit.value).upper())
    return exp.DateDiff(this=ends[0], expression=ends[1], unit=part, date_part_boundary=True)


def _check_width(node: exp.Pad) -> None:
    width = node.expression.unnest()
    if not isinstance(width, exp.Literal) or width.is_string or not 0 < len(str(width.this)) <= 3:
        raise refused("wrong_type", node, "a text is padded to at most 999 characters", "write lpad(x, 2, '0')")


def _check_cast(node: exp.Cast) -> None:
    target = node.args["to"]
    plain = isinstance(target, exp.DataType) and target.this in _PLAIN_TYPES and not target.expressions
    if isinstance(target, exp.DataType) and target.this is exp.DType.DECIMAL:
        functions.digits(node)
        plain = True
    if not plain or any(value for name, value in node.args.items() if name not in ("this", "to", "safe")):
        raise refused(
            "wrong_type",
            node,
            "CAST knows a closed list of types",
            "the types are: BOOLEAN, INTEGER, BIGINT, DOUBLE, DECIMAL(12, 2), VARCHAR, DATE, TIMESTAMP",
        )


def _not_allowed(node: exp.Expr) -> RefusedError:
    if isinstance(node, exp.Star):
        return refused("rows_requested", node, "a question never returns rows", "name keys and aggregates, as COUNT(*)")
    refusal = unsplittable(node)
    if refusal is not None:
        return refusal
    if not isinstance(node, exp.Func):
        return refused(
            "unknown_function", node, "this expression is not offered over the answer", "compute it from the answer"
        )
    name = function_name(node)
    if name in ("bin", "grid"):
        return refused(
            "unknown_function", node, f"{name}() is computed by the cities", "repeat it as a key: add it to GROUP BY"
        )
    return refused("unknown_function", node, f"{name}() is not offered over the answer", nearest(name, _FUNCTIONS))
