"""The merged table: finished cells by column, with the cities that are not in each value and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.partial.array_values import validity_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.finalise import IntervalColumn
from hansa_core.partial.wholes import Mask, all_of, any_of


class Mark(StrEnum):
    """What a reader of a value has to know."""

    PARTIAL = "partial"  # some addressed city is not in it
    NOT_DEDUPLICATED = "not_deduplicated"  # units that appear in several cities count once in each


_MOST_KINDS = 2**62
"""Numbers of rows' kinds stay in int64; kinds that occur are at most as many as rows, of which there are far fewer."""

GapCodes = npt.NDArray[np.uint16]
"""Cells by cities: 0 where the city is in the value, else 1 + the place of the reason in `MergedTable.reasons`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedColumn:
    """One aggregate of all cells.

    `values`: null where withheld, and where SQL has NULL. `given`: where it is not withheld. `gaps`: which cities are
    not in each value. `repeats`: where units of several cities may count once in each. `interval`: of quantiles, the
    closed intervals that hold the true ones, NaN where there is none.
    """

    values: pa.Array
    given: Mask
    gaps: GapCodes
    repeats: Mask
    interval: IntervalColumn | None = None

    def take(self, rows: npt.NDArray[np.int64], places: pa.Array) -> MergedColumn:
        """The same aggregate of some cells. `places`: the `rows` as an Arrow array."""
        interval = self.interval
        return MergedColumn(
            values=self.values.take(places),
            given=self.given[rows],
            gaps=self.gaps[rows],
            repeats=self.repeats[rows],
            interval=None
            if interval is None
            else replace(interval, lower=interval.lower[rows], upper=interval.upper[rows]),
        )

    @property
    def is_incomplete(self) -> Mask:
        """In which cells some addressed city is missing."""
        return any_of(list((self.gaps != 0).T))


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedTable:
    """Merged cells in domain order, by city first where cities are kept apart.

    `schema`: `city` (if kept apart), `k0…` and `a0…` in the plan's order. `addressed`: the cities, by name. `city`:
    where cities are kept apart, the place in `addressed` of each row's own, which alone its gaps are about. A missing
    city is one row without keys. `reasons`: a refusal code, `timed_out`, `unreachable`, `failed`, `suppressed`,
    `not_in_domain` or `too_many_rows`.
    """

    schema: pa.Schema
    addressed: tuple[str, ...]
    city: npt.NDArray[np.int64] | None
    keys: tuple[pa.Array, ...]
    columns: tuple[MergedColumn, ...]
    reasons: tuple[str, ...]
    is_missing_city: Mask = field(init=False, repr=False)
    """Which rows only say that their city gave nothing, so that the nulls of their keys are no keys."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_missing_city", self._missing_cities())

    @property
    def num_rows(self) -> int:
        """The number of cells."""
        return len(self.columns[0].given)

    def take(self, rows: npt.NDArray[np.int64]) -> MergedTable:
        """The same cells, those of `rows` alone, in that order."""
        places = array_of(rows.tolist(), pa.int64())
        columns = tuple(column.take(rows, places) for column in self.columns)
        return replace(
            self,
            city=None if self.city is None else self.city[rows],
            keys=tuple(key.take(places) for key in self.keys),
            columns=columns,
        )

    def to_arrow(self) -> pa.Table:
        """The values alone; a missing value is null with nothing behind it."""
        arrays = [*self.keys, *(column.values for column in self.columns)]
        if self.city is not None:
            arrays.insert(
                0, array_of((self.addressed[place] for place in self.city), self.schema.field(CITY_COLUMN).type)
            )
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def reason(self, row: int, aggregate: int) -> str | None:
        """Why the value is withheld: the reason of the first city, by name, that is not in it. None if it is not."""
        gaps = self.gaps(row, aggregate)
        return gaps[min(gaps)] if gaps and not self.columns[aggregate].given[row] else None

    def gaps(self, row: int, aggregate: int) -> Mapping[str, str]:
        """The cities that are not in the value, each with its reason."""
        codes = self.columns[aggregate].gaps[row]
        return {self._city_at(row, int(at)): self.reasons[codes[at] - 1] for at in np.flatnonzero(codes)}

    def cities(self, row: int) -> tuple[str, ...]:
        """The cities that are in every value of the row, sorted."""
        missing = any_of([column.gaps[row] != 0 for column in self.columns])
        return tuple(self._city_at(row, int(at)) for at in np.flatnonzero(~missing))

    def marks(self, row: int, aggregate: int) -> frozenset[Mark]:
        """What a reader of this value has to know."""
        column = self.columns[aggregate]
        is_partial = column.given[row] and column.gaps[row].any()
        marks = {Mark.PARTIAL: is_partial, Mark.NOT_DEDUPLICATED: column.repeats[row]}
        return frozenset(mark for mark, holds in marks.items() if holds)

    def interval(self, row: int, aggregate: int) -> tuple[float, float] | None:
        """Of a quantile, the closed interval that holds the true one."""
        interval = self.columns[aggregate].interval
        if interval is None or np.isnan(interval.lower[row]):
            return None
        return float(interval.lower[row]), float(interval.upper[row])

    @property
    def notes(self) -> frozenset[Mark]:
        """The marks of all values together."""
        holds = {
            Mark.PARTIAL: any((column.given & column.is_incomplete).any() for column in self.columns),
            Mark.NOT_DEDUPLICATED: any(column.repeats.any() for column in self.columns),
        }
        return frozenset(mark for mark, is_there in holds.items() if is_there)

    def _missing_cities(self) -> Mask:
        if self.city is None:
            return np.zeros(self.num_rows, dtype=bool)
        suppressed = [1 + place for place, reason in enumerate(self.reasons) if reason == "suppressed"]
        without_keys = all_of([~validity_of(key) for key in self.keys] or [np.ones(self.num_rows, bool)])
        codes = [column.gaps[:, 0] for column in self.columns]
        absent = all_of([(own != 0) & ~np.isin(own, suppressed) for own in codes])
        return without_keys & absent

    def gap_patterns(self) -> npt.NDArray[np.int64]:
        """A number for each row: equal where rows mark whatever is computed from them alike.

        -1 where nothing is missing.
        """
        incomplete = any_of([column.is_incomplete for column in self.columns])
        rows = np.flatnonzero(incomplete)
        facts: list[npt.NDArray[Any]] = (
            [self.is_missing_city] if self.city is None else [self.is_missing_city, self.city]
        )
        for column in self.columns:
            facts += [*column.gaps.T, column.given, column.repeats]
        patterns = np.full(self.num_rows, -1, dtype=np.int64)
        if len(rows):
            patterns[rows] = _numbered([fact[rows] for fact in facts])
        return patterns

    def _city_at(self, row: int, slot: int) -> str:
        return self.addressed[slot if self.city is None else self.city[row]]


def _numbered(facts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    """A number from 0 for each different row of the columns `facts`, none of which has a negative number."""
    codes, kinds = np.zeros(len(facts[0]), dtype=np.int64), 1
    for fact in facts:
        most = int(fact.max()) + 1
        if kinds * most > _MOST_KINDS:
            kept, codes = np.unique(codes, return_inverse=True)
            codes, kinds = codes.reshape(-1), len(kept)
        codes, kinds = codes * most + fact.astype(np.int64), kinds * most
    return np.unique(codes, return_inverse=True)[1].reshape(-1)
