"""SQL functions that the cities compute, and the expression that each becomes."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import TRUNCATIONS, DataType, DatePart
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.plan.expression import Literal, Op, literal
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.operators import BINARY
from hansa_core.sql.written import written

OFFERED = (
    *("abs", "bin", "case", "cast", "ceil", "coalesce", "concat", "contains", "date_diff", "date_trunc", "day"),
    *("dayname", "monthname", "strftime", "to_char"),
    *("dayofweek", "dayofyear", "ends_with", "epoch", "extract", "floor", "greatest", "grid", "hour", "if", "isodow"),
    *(
        "isoyear",
        "least",
        "left",
        "length",
        "lower",
        "ltrim",
        "minute",
        "month",
        "nullif",
        "quarter",
        "right",
        "round",
        "rtrim",
        "second",
    ),
    *("sqrt", "starts_with", "substring", "trim", "trunc", "try_cast", "upper", "week", "year"),
)
"""The names of all functions that may stand in WHERE, FILTER and GROUP BY."""

PART_FUNCTIONS: dict[type[exp.Expr], DatePart] = {
    exp.Year: DatePart.YEAR,
    exp.Quarter: DatePart.QUARTER,
    exp.Month: DatePart.MONTH,
    exp.Day: DatePart.DAY,
    exp.Hour: DatePart.HOUR,
    exp.DayOfWeekIso: DatePart.ISODOW,
    exp.Week: DatePart.WEEK,
    exp.WeekOfYear: DatePart.WEEK,
    exp.DayOfYear: DatePart.DOY,
    exp.Minute: DatePart.MINUTE,
    exp.Second: DatePart.SECOND,
}

SIMPLE_OPS: dict[type[exp.Expr], Op] = {
    **{node: op for op, node in BINARY.items()},
    exp.Nullif: Op.NULLIF,
    exp.Coalesce: Op.COALESCE,
    exp.Abs: Op.ABS,
    exp.Greatest: Op.GREATEST,
    exp.Least: Op.LEAST,
    exp.Floor: Op.FLOOR,
    exp.Ceil: Op.CEIL,
    exp.Trunc: Op.TRUNC,
    exp.Round: Op.ROUND,
    exp.Sqrt: Op.SQRT,
}
"""Nodes whose arguments are those of the operator, in order."""

_FLAGS = frozenset({"this", "expression", "expressions", "ignore_nulls", "typed", "safe"})


def check_arguments(node: exp.Expr) -> None:
    """Refuse a function of `SIMPLE_OPS` with an argument that the operator lacks, such as the digits of TRUNC."""
    if any(value for name, value in node.args.items() if name not in _FLAGS):
        name = function_name(node).upper()
        remedy = "round the aggregate in the SELECT list, or write bin(x, width) for a key"
        raise refused("unknown_function", node, f"the cities compute {name}(x) to whole numbers only", remedy)


# Other engines' names for the same types are welcome; a width below 64 bits is not kept.
_TYPES = {
    exp.DType.BOOLEAN: DataType.BOOLEAN,
    exp.DType.INT: DataType.INTEGER,
    exp.DType.BIGINT: DataType.INTEGER,
    exp.DType.DOUBLE: DataType.NUMBER,
    exp.DType.FLOAT: DataType.NUMBER,
    exp.DType.TEXT: DataType.TEXT,
    exp.DType.VARCHAR: DataType.TEXT,
    exp.DType.DATE: DataType.DATE,
    exp.DType.TIMESTAMP: DataType.TIMESTAMP,
    exp.DType.TIMESTAMPNTZ: DataType.TIMESTAMP,
}

TYPE_NAMES = ("BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP")
"""The types as a refusal lists them; INTEGER, TEXT and the like are read as well."""

_LAST_BIT = "engines differ in its last bit"
_HINTS: dict[type[exp.Expr], str] = {
    exp.AtTimeZone: "timestamps are UTC: where a city has a clock of its own, the contract has a column for it",
    exp.Rand: "a question means the same whenever it is asked",
    exp.Is: "write x IS NULL, IS TRUE or IS FALSE",
    exp.Pow: f"{_LAST_BIT}: write x * x for power(x, 2), and compute others over the answer, in the SELECT list",
    **dict.fromkeys(
        (exp.Ln, exp.Log, exp.Exp, exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan, exp.Atan2),
        f"{_LAST_BIT}: compute it over the answer, in the SELECT list",
    ),
    **dict.fromkeys(
        (exp.RegexpLike, exp.RegexpILike, exp.RegexpExtract, exp.RegexpReplace, exp.SimilarTo),
        "regular expressions mean something else in each engine: write LIKE, starts_with or contains",
    ),
}


def target_type(node: exp.Cast) -> DataType:
    """The type that TRY_CAST names."""
    target = node.args["to"]
    kind = _TYPES.get(target.this) if isinstance(target, exp.DataType) and not target.expressions else None
    if kind is None:
        remedy = f"the types are: {', '.join(TYPE_NAMES)}"
        raise refused("wrong_type", node, "TRY_CAST knows a closed list of types", remedy)
    return kind


def digits(node: exp.Cast) -> tuple[int, int]:
    """How many digits DECIMAL has, and how many of them behind the point."""
    given = [str(one.this.this) for one in node.args["to"].expressions]
    width, scale = (int(one) if one.isdigit() and len(one) < 4 else 0 for one in (*given, "0")[:2])
    if not 0 < width <= 38 or scale > width:
        rule = "DECIMAL has 1 to 38 digits, some of them behind the point"
        raise refused("wrong_type", node, rule, "write DECIMAL(12, 2)")
    return width, scale


def truncation(node: exp.Expr, unit: exp.Expr | None) -> Literal:
    """The part that date_trunc names."""
    names = [part.value for part in TRUNCATIONS]
    return _part(node, unit, names)


def extraction(node: exp.Expr, unit: exp.Expr | None) -> Literal:
    """The part that extract names."""
    names = [part.value for part in DatePart]
    told = [*(name for name in names if name != DatePart.EPOCH_US), "dow", "epoch"]  # epoch_us: how a plan is written
    return _part(node, unit, names, told)


def boundaries(node: exp.Expr, unit: exp.Expr | None) -> Literal:
    """The part that date_diff or an interval names, in the singular or the plural."""
    names = [part.value for part in TRUNCATIONS]
    if isinstance(unit, exp.Var | exp.Literal) and unit.name.lower().removesuffix("s") in names:
        return literal(unit.name.lower().removesuffix("s"))
    return _part(node, unit, names)


def _part(node: exp.Expr, unit: exp.Expr | None, names: list[str], told: list[str] | None = None) -> Literal:
    name = unit.name.lower() if isinstance(unit, exp.Var | exp.Literal) else ""
    if name not in names:
        known = told or names
        raise refused("wrong_type", node, f"the part of a date is one of {', '.join(known)}", nearest(name, known))
    return literal(name)


def unknown_function(node: exp.Expr) -> RefusedError:
    """The refusal of a function or operator outside the list."""
    remedy = _HINTS.get(type(node)) or nearest(function_name(node), OFFERED)
    if isinstance(node, exp.Func):
        return refused("unknown_function", node, f"the cities do not compute {called(node)}()", remedy)
    return refused("unknown_function", node, "the cities do not compute this expression", remedy)


def called(node: exp.Expr) -> str:
    """The name of the function as the analyst wrote it, in lower case."""
    name = (written(node) or "").partition("(")[0].strip().lower()
    return name if name.isidentifier() else function_name(node)


def function_name(node: exp.Expr) -> str:
    """The name of the function as SQL spells it, in lower case."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    written = text_of(node).partition("(")[0].strip().lower()
    return written if written.isidentifier() else node.key
