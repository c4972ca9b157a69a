"""Intervals: the ends between which the true value of a shown quantile lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.marks import HiddenColumns
    from hansa.answering.statement_cells import StatementCells
    from hansa_core.sql.statement import OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The closed interval, in the column's unit, that holds the true quantile behind one value of the answer.

    `row`: from 0, in the answer's order.
    """

    row: int
    column: str
    lower: float
    upper: float


def find_intervals(hidden: HiddenColumns, outer: OuterSelect, merged: StatementCells) -> tuple[Interval, ...]:
    """The intervals of the quantiles that the outer SELECT passes through or rounds, row by row.

    `hidden`: the columns that tell which row of `merged` is behind a value.
    """
    places = [
        (column.name, hidden[column.row].tolist(), outer.aggregate_columns.index(column.depends_on[0]))
        for column in outer.columns
        if column.row is not None and column.shows_one_value and column.depends_on[0] in outer.aggregate_columns
    ]
    return tuple(
        Interval(row=row, column=name, lower=ends[0], upper=ends[1])
        for row in range(max((len(sources) for _, sources, _ in places), default=0))
        for name, sources, place in places
        if (source := sources[row]) >= 0 and (ends := merged.interval(source, place)) is not None
    )


def uncertainty_notes(table: pa.Table, intervals: Sequence[Interval]) -> tuple[str, ...]:
    """A sentence for each column of `table` with quantiles whose interval is wider than the value is large."""
    wide: dict[str, list[Interval]] = {}
    for one in intervals:
        value = table.column(one.column)[one.row].as_py()
        if value is not None and one.upper - one.lower > abs(value):
            wide.setdefault(one.column, []).append(one)
    return tuple(_uncertainty_note(name, found) for name, found in wide.items())


def _uncertainty_note(column: str, wide: Sequence[Interval]) -> str:
    widest = max(wide, key=lambda one: one.upper - one.lower)
    ends = f"{widest.lower:,.12g} to {widest.upper:,.12g}"
    if len(wide) == 1:
        return f"{column}: 1 value is only known to lie within {ends}, an interval wider than the value."
    return (
        f"{column}: {len(wide):,} values are only known to lie within intervals wider than they are, the widest {ends}."
    )
