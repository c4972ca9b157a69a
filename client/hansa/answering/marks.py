"""Marks: the values of the shaped table that lack a city, and why, followed through the outer SELECT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.gaps import GapMasks
    from hansa_core.partial.merged_table import MergedTable
    from hansa_core.sql.statement import OuterColumn, OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCell:
    """One value of an answer that lacks an addressed city.

    `row`: from 0, in the answer's order. `gaps`: the cities that are not in it, each with its reason: `suppressed`,
    `timed_out`, `unreachable`, `failed`, `untrusted`, `not_in_domain`, or the code of a refusal.
    """

    row: int
    column: str
    gaps: Mapping[str, str]

    @property
    def reason(self) -> str:
        """The reason of the first city, by name."""
        return self.gaps[min(self.gaps)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All marks of an answer, by row and column.

    `suppressed`: no value is shown. `partial`: a value is shown, over the other cities. `covered_up`: the columns that
    show a value although what it is computed from is missing, as COALESCE does.
    """

    suppressed: tuple[MarkedCell, ...]
    partial: tuple[MarkedCell, ...]
    covered_up: tuple[str, ...]


def find_marks(
    table: pa.Table,
    hidden: Mapping[str, Sequence[int | None]],
    outer: OuterSelect,
    merged: MergedTable,
    masks: GapMasks,
) -> Marks:
    """The marks of `table`. `hidden`: the columns that tell the rows of `merged`, or the gaps, behind each value."""
    if not masks.examples:
        return Marks(suppressed=(), partial=(), covered_up=())
    suppressed: list[MarkedCell] = []
    partial: list[MarkedCell] = []
    covered_up: list[str] = []
    for column, values in zip(outer.columns, table.columns, strict=True):
        known: dict[int, tuple[dict[str, str], bool]] = {}  # alike for all values with the same gaps behind them
        nulls = values.is_null().to_pylist()
        for row, (key, sources) in enumerate(_sources(column, hidden, masks)):
            if key not in known:
                gaps = gaps_of(column.depends_on, sources, outer, merged)
                known[key] = gaps, bool(gaps) and _misses(column, sources, outer, merged)
            gaps, misses = known[key]
            if not gaps:
                continue
            (suppressed if nulls[row] else partial).append(MarkedCell(row=row, column=column.name, gaps=gaps))
            if misses and not nulls[row] and column.name not in covered_up:
                covered_up.append(column.name)
    return Marks(
        suppressed=tuple(sorted(suppressed, key=_place)),
        partial=tuple(sorted(partial, key=_place)),
        covered_up=tuple(covered_up),
    )


def _sources(
    column: OuterColumn, hidden: Mapping[str, Sequence[int | None]], masks: GapMasks
) -> Iterator[tuple[int, Sequence[int]]]:
    """For each value that may lack a city: a key that says which gaps it has, and merged rows that have them."""
    if column.gaps is not None:
        yield from ((mask or 0, tuple(masks.rows(mask or 0))) for mask in hidden[column.gaps])
    elif column.row is not None and column.depends_on:
        yield from ((-1, ()) if row is None else (masks.patterns[row], (row,)) for row in hidden[column.row])


def _place(cell: MarkedCell) -> int:
    return cell.row


def gaps_of(depends_on: Sequence[str], rows: Sequence[int], outer: OuterSelect, merged: MergedTable) -> dict[str, str]:
    """The cities that are not in the released columns `depends_on` of the rows, each with its reason."""
    gaps: dict[str, str] = {}
    for row in rows:
        for name in depends_on:
            if name in outer.aggregate_columns:
                gaps.update(merged.gaps(row, outer.aggregate_columns.index(name)))
            elif name in outer.key_columns and merged.is_missing_city[row]:
                gaps.update(merged.gaps(row, 0))
    return gaps


def _misses(column: OuterColumn, rows: Sequence[int], outer: OuterSelect, merged: MergedTable) -> bool:
    indices = [outer.aggregate_columns.index(name) for name in column.depends_on if name in outer.aggregate_columns]
    return any(merged.reason(row, index) is not None for row in rows for index in indices)
