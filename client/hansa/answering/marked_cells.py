"""Marked cells: the values of an answer that lack a city, kept column by column; an object for each only when asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

Gaps = Mapping[str, str]
"""The cities that are not in a value, each with its reason."""

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCell:
    """One value of an answer that lacks an addressed city.

    `row`: from 0, in the answer's order. `gaps`: the cities that are not in it, each with its reason: `suppressed`,
    `timed_out`, `unreachable`, `failed`, `untrusted`, `not_in_domain`, or the code of a refusal.
    """

    row: int
    column: str
    gaps: Gaps

    @property
    def reason(self) -> str:
        """The reason of the first city, by name."""
        return self.gaps[min(self.gaps)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkedColumn:
    """The marked values of one column.

    `rows`: ascending. `kinds`: of each, the place of its gaps in `gaps`.
    """

    column: str
    rows: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    gaps: tuple[Gaps, ...]

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.kinds) or not len(self.rows):
            raise ValueError(f"column {self.column!r} has {len(self.rows)} marked rows and {len(self.kinds)} kinds")


class MarkedCells(Sequence[MarkedCell]):
    """All marked values of an answer, in the order of its rows; those of one row in the order of its columns."""

    def __init__(self, columns: Iterable[MarkedColumn] = ()) -> None:
        self._columns = tuple(columns)

    @classmethod
    def of(cls, cells: Iterable[MarkedCell]) -> MarkedCells:
        """The same from an object for each. Columns are in the order in which they first come."""
        by_column: dict[str, list[MarkedCell]] = {}
        for cell in cells:
            by_column.setdefault(cell.column, []).append(cell)
        for found in by_column.values():
            found.sort(key=lambda cell: cell.row)
        return cls(
            MarkedColumn(
                column=column,
                rows=np.array([cell.row for cell in found], dtype=np.int64),
                kinds=np.arange(len(found)),
                gaps=tuple(cell.gaps for cell in found),
            )
            for column, found in by_column.items()
        )

    def in_column(self, column: str) -> Mapping[int, Gaps]:
        """The gaps of the marked values of one column, by row."""
        found = [one for one in self._columns if one.column == column]
        return {
            row: one.gaps[kind]
            for one in found
            for row, kind in zip(one.rows.tolist(), one.kinds.tolist(), strict=True)
        }

    def rows_of(self, column: str) -> npt.NDArray[np.int64]:
        """The rows in which a column is marked, ascending."""
        found = [one.rows for one in self._columns if one.column == column]
        return found[0] if found else np.empty(0, dtype=np.int64)

    def first(self, rows: int) -> MarkedCells:
        """Those of the answer's first so many rows."""
        cut = [(one, int(np.searchsorted(one.rows, rows))) for one in self._columns]
        return MarkedCells(
            MarkedColumn(column=one.column, rows=one.rows[:count], kinds=one.kinds[:count], gaps=one.gaps)
            for one, count in cut
            if count
        )

    def counts(self) -> list[tuple[str, Gaps, int]]:
        """Each column and kind of gaps that there is, with the number of its values; column by column."""
        found = []
        for one in self._columns:
            kinds, first, counts = np.unique(one.kinds, return_index=True, return_counts=True)
            for place in np.argsort(first).tolist():
                found.append((one.column, one.gaps[kinds[place]], int(counts[place])))
        return found

    def all_gaps(self, column: str | None = None) -> list[Gaps]:
        """The different gaps of all values, or of one column's."""
        return [gaps for name, gaps, _ in self.counts() if column in (None, name)]

    @cached_property
    def _order(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of each cell in order, its column and its place there."""
        sizes = [len(one.rows) for one in self._columns]
        columns = np.repeat(np.arange(len(sizes)), sizes)
        places = np.concatenate([np.arange(size) for size in sizes] or [np.empty(0, dtype=np.int64)])
        rows = np.concatenate([one.rows for one in self._columns] or [np.empty(0, dtype=np.int64)])
        order = np.argsort(rows, kind="stable")
        return columns[order], places[order]

    def __len__(self) -> int:
        return sum(len(one.rows) for one in self._columns)

    @overload
    def __getitem__(self, place: int) -> MarkedCell: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[MarkedCell, ...]: ...
    def __getitem__(self, place: int | slice) -> MarkedCell | tuple[MarkedCell, ...]:
        columns, places = self._order
        if isinstance(place, slice):
            pairs = zip(columns[place].tolist(), places[place].tolist(), strict=True)
            return tuple(self._cell(column, at) for column, at in pairs)
        at = range(len(self))[place]
        return self._cell(int(columns[at]), int(places[at]))

    def __iter__(self) -> Iterator[MarkedCell]:
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, MarkedCells | tuple | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as that of a list

    def __repr__(self) -> str:
        rest = len(self) - _SHOWN
        shown = ", ".join(map(repr, self[:_SHOWN]))
        return f"[{shown}, and {rest:,} more]" if rest > 0 else f"[{shown}]"

    def _cell(self, column: int, place: int) -> MarkedCell:
        one = self._columns[column]
        return MarkedCell(row=int(one.rows[place]), column=one.column, gaps=one.gaps[one.kinds[place]])
