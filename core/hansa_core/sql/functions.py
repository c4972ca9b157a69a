"""SQL functions that the cities compute, and the expression that each becomes."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import TRUNCATIONS, DataType, DatePart
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.plan.expression import Literal, Op, literal
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.operators import BINARY

OFFERED = (
    *("abs", "bin", "case", "coalesce", "date_trunc", "day", "extract", "grid", "hour", "if", "isodow", "month"),
    *("nullif", "quarter", "try_cast", "year"),
)
"""The names of all functions that may stand in WHERE, FILTER and GROUP BY."""

PART_FUNCTIONS: dict[type[exp.Expr], DatePart] = {
    exp.Year: DatePart.YEAR,
    exp.Quarter: DatePart.QUARTER,
    exp.Month: DatePart.MONTH,
    exp.Day: DatePart.DAY,
    exp.Hour: DatePart.HOUR,
    exp.DayOfWeekIso: DatePart.ISODOW,
}

SIMPLE_OPS: dict[type[exp.Expr], Op] = {
    **{node: op for op, node in BINARY.items()},
    exp.Nullif: Op.NULLIF,
    exp.Coalesce: Op.COALESCE,
    exp.Abs: Op.ABS,
}
"""Nodes whose arguments are those of the operator, in order."""

# Other engines' names for the same types are welcome; a width below 64 bits is not kept.
_TYPES = {
    exp.DType.BOOLEAN: DataType.BOOLEAN,
    exp.DType.INT: DataType.INTEGER,
    exp.DType.BIGINT: DataType.INTEGER,
    exp.DType.DOUBLE: DataType.NUMBER,
    exp.DType.TEXT: DataType.TEXT,
    exp.DType.VARCHAR: DataType.TEXT,
    exp.DType.DATE: DataType.DATE,
    exp.DType.TIMESTAMP: DataType.TIMESTAMP,
    exp.DType.TIMESTAMPNTZ: DataType.TIMESTAMP,
}

_HINTS: dict[type[exp.Expr], str] = {
    exp.IntDiv: "write bin(x, width) for the lower edge of a bin, or / for a number",
    exp.Mod: "write x - bin(x, width)",
    exp.Like: "compare with =, or list the values with IN",
    exp.NullSafeEQ: "write x = y OR (x IS NULL AND y IS NULL)",
    exp.NullSafeNEQ: "write NOT (x = y OR (x IS NULL AND y IS NULL))",
    exp.Is: "write x = true, or coalesce(x, false)",
}


def target_type(node: exp.Cast) -> DataType:
    """The type that TRY_CAST names."""
    target = node.args["to"]
    kind = _TYPES.get(target.this) if isinstance(target, exp.DataType) and not target.expressions else None
    if kind is None:
        names = ", ".join(("BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP"))
        raise refused("wrong_type", node, "TRY_CAST knows a closed list of types", f"the types are: {names}")
    return kind


def truncation(node: exp.Expr, unit: exp.Expr | None) -> Literal:
    """The part that date_trunc names."""
    names = [part.value for part in TRUNCATIONS]
    return _part(node, unit, names)


def extraction(node: exp.Expr, unit: exp.Expr | None) -> Literal:
    """The part that extract names."""
    return _part(node, unit, [part.value for part in DatePart])


def _part(node: exp.Expr, unit: exp.Expr | None, names: list[str]) -> Literal:
    name = unit.name.lower() if isinstance(unit, exp.Var | exp.Literal) else ""
    if name not in names:
        raise refused("wrong_type", node, f"the part of a date is one of {', '.join(names)}", nearest(name, names))
    return literal(name)


def unknown_function(node: exp.Expr) -> RefusedError:
    """The refusal of a function or operator outside the list."""
    remedy = _HINTS.get(type(node)) or nearest(function_name(node), OFFERED)
    if isinstance(node, exp.Func):
        return refused("unknown_function", node, f"the cities do not compute {function_name(node)}()", remedy)
    return refused("unknown_function", node, "the cities do not compute this expression", remedy)


def function_name(node: exp.Expr) -> str:
    """The name of the function as SQL spells it, in lower case."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    written = text_of(node).partition("(")[0].strip().lower()
    return written if written.isidentifier() else node.key
