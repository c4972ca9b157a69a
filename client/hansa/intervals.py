"""Between which ends does the true value of a shown quantile lie?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansa_core.query.merged_table import MergedTable
    from hansa_core.query.sql.statement import OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The closed interval, in the column's unit, that holds the true quantile behind one value of the answer.

    `row`: from 0, in the answer's order.
    """

    row: int
    column: str
    lower: float
    upper: float


def find_intervals(
    hidden: Mapping[str, Sequence[int | None]], outer: OuterSelect, merged: MergedTable
) -> tuple[Interval, ...]:
    """The intervals of the quantiles that the outer SELECT passes through, row by row.

    `hidden`: the columns that tell which row of `merged` is behind a value.
    """
    places = [
        (column.name, hidden[column.row], outer.aggregate_columns.index(column.depends_on[0]))
        for column in outer.columns
        if column.passes_through and column.row is not None and column.depends_on[0] in outer.aggregate_columns
    ]
    return tuple(
        Interval(row=row, column=name, lower=ends[0], upper=ends[1])
        for row in range(max((len(sources) for _, sources, _ in places), default=0))
        for name, sources, place in places
        if (source := sources[row]) is not None and (ends := merged.interval(source, place)) is not None
    )
