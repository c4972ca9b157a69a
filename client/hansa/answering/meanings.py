"""Meanings: what each column of an answer holds, and in which unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

from hansa.answering.plain_sql import formulas
from hansa.answering.released_parts import AskedContract, ReleasedPart, released_parts
from hansa_core.contract.column_names import is_city_column
from hansa_core.contract.contract import Contract
from hansa_core.plan.expression import Call, Column, Expression
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.statement import OuterColumn, OuterSelect, is_released

_KEEPS_UNIT = (exp.Paren, exp.Try, exp.Round, exp.Abs)
_SAME_UNIT = frozenset(
    {
        AggregateFunction.SUM,
        AggregateFunction.AVG,
        AggregateFunction.MIN,
        AggregateFunction.MAX,
        AggregateFunction.STDDEV_SAMP,
        AggregateFunction.QUANTILE_CONT,
        AggregateFunction.HISTOGRAM,
        AggregateFunction.REGR_INTERCEPT,
    }
)


class ColumnRole(StrEnum):
    """What a column is for."""

    CITY = "city"
    KEY = "key"
    MEASURE = "measure"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one column of an answer holds.

    `formula`: as in the analyst's SQL. `unit`: None where there is none, or it cannot be told.
    """

    name: str
    role: ColumnRole
    formula: str
    unit: str | None

    @property
    def title(self) -> str:
        """The name with its unit, as an axis shows it."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def meanings(asked: Iterable[AskedContract], outer: OuterSelect) -> tuple[Meaning, ...]:
    """The meaning of each column that the analyst sees, in the answer's order. `asked`: the statement's questions."""
    shown, parts = formulas(outer), released_parts(asked, outer)
    return tuple(_meaning(column, shown.get(column.name), parts, outer) for column in outer.columns)


def _meaning(
    column: OuterColumn, shown: exp.Expr | None, parts: Mapping[str, ReleasedPart], outer: OuterSelect
) -> Meaning:
    words = {name: one.words for name, one in parts.items()} | {one.column: one.text for one in outer.counted}
    rows = {one.rows for one in outer.counted if one.column in column.depends_on}
    known = [name for name in column.depends_on if name in words and name not in rows]
    source = parts.get(_source(shown, column) or "")
    return Meaning(
        name=column.name,
        role=_role(column, outer),
        formula=_formula(shown, words) if shown is not None else _origin(column, [words[name] for name in known]),
        unit=None if source is None or source.part is None else unit_of(source.part, source.contract),
    )


def _origin(column: OuterColumn, words: Sequence[str]) -> str:
    """What is known of a column without a formula of its own, as one of a window."""
    if column.passes_through or not words:
        return words[0] if words else column.name
    return f"computed from {', '.join(words)}"


def _role(column: OuterColumn, outer: OuterSelect) -> ColumnRole:
    sources = set(column.depends_on)
    if sources & set(outer.aggregate_columns):
        return ColumnRole.MEASURE
    if sources & set(outer.key_columns):
        return ColumnRole.KEY
    return ColumnRole.CITY if any(map(is_city_column, sources)) else ColumnRole.OTHER


def _source(shown: exp.Expr | None, column: OuterColumn) -> str | None:
    """The released column whose unit the shown one keeps: passed through, or rounded."""
    if column.passes_through:
        return column.depends_on[0]
    while isinstance(shown, _KEEPS_UNIT):
        shown = shown.this
    return shown.name if isinstance(shown, exp.Column) and is_released(shown.table) else None


def _formula(shown: exp.Expr, words: dict[str, str]) -> str:
    def reworded(node: exp.Expr) -> exp.Expr:
        match node:
            case exp.Try():  # guards each expression, and means nothing to a reader
                inner: exp.Expr = node.this.transform(reworded)
                return inner
            case exp.Column() if is_released(node.table) and node.name in words:
                return exp.Var(this=words[node.name])
            case _:
                return node

    text = shown.copy().transform(reworded)
    for name in text.find_all(exp.Identifier):
        name.set("quoted", not name.this.isidentifier())
    return text.sql(DIALECT)


def unit_of(part: Expression | Aggregate, contract: Contract) -> str | None:
    """The unit of a key or an aggregate, as the contract names it; None if it has none."""
    match part:
        case Aggregate():
            return _aggregate_unit(part, contract)
        case Column(name):
            return contract.columns[name].unit
        case Call(op, args) if op.value in ("bin", "date_trunc"):
            return unit_of(args[0] if op.value == "bin" else args[-1], contract)
        case _:
            return None


def _aggregate_unit(aggregate: Aggregate, contract: Contract) -> str | None:
    first, second = (
        contract.columns[one].unit if isinstance(one, str) else None for one in (aggregate.column, aggregate.second)
    )
    match aggregate.function:
        case AggregateFunction.COUNT_ROWS:
            return "rows"
        case AggregateFunction.COUNT:
            return "values"
        case AggregateFunction.COUNT_DISTINCT:
            return f"distinct {aggregate.column}"
        case function if function in _SAME_UNIT:
            return first
        case AggregateFunction.VAR_SAMP:
            return f"{first}²" if first else None
        case AggregateFunction.COVAR_SAMP if first and second:
            return f"{first} × {second}"
        case AggregateFunction.REGR_SLOPE if first and second:
            return f"{first} per {second}"
        case _:
            return None
