"""Quantiles and histograms of many cells at once, from counts in the finest bins where all of them are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from hansa_core.contract.contract import ContractColumn
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.quantiles import Quantile, Segment, quantile, segments_of
from hansa_core.partial.wholes import Mask, Wholes, all_of, narrowed, plus, scaled, times


@dataclass(frozen=True, slots=True, kw_only=True)
class BinCounts:
    """The rows of each cell in each bin of a measure, in the order of `all_bins`, and over all of its values."""

    column: ContractColumn
    bins: Sequence[MomentColumn]
    total: MomentColumn

    @property
    def is_whole(self) -> Mask:
        """In which cells no bin is suppressed."""
        return all_of([one.known for one in self.bins])

    @property
    def finest(self) -> tuple[tuple[int, int], ...]:
        """The bins of the finest level: every other bin is a union of some of them."""
        return self.column.levels[-1]

    @property
    def in_finest(self) -> npt.NDArray[np.int64]:
        """The rows in the finest bins: one row for each cell, one column for each bin."""
        place = {held: number for number, held in enumerate(self.column.all_bins)}
        return np.stack([self.bins[place[held]].values for held in self.finest], axis=1).astype(np.int64)

    def segments(self, cell: int) -> tuple[Segment, ...]:
        """The partition of one cell into its most published bins."""
        return segments_of(self._counts(cell), self.column.bounds, int(self.total.values[cell]))

    def quantile(self, cell: int, q: float) -> Quantile | None:
        """The quantile of one cell, as its published bins tell it."""
        return quantile(self._counts(cell), self.column.bounds, int(self.total.values[cell]), q)

    def _counts(self, cell: int) -> dict[tuple[int, int], int | None]:
        return {
            held: int(one.values[cell]) if one.known[cell] else None
            for held, one in zip(self.column.all_bins, self.bins, strict=True)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileColumn:
    """The quantile of each cell in quanta, as numerator and denominator, and the closed interval that holds it."""

    numerator: Wholes
    denominator: Wholes
    lower: Wholes
    upper: Wholes


def quantiles_of(counts: BinCounts, q: float) -> QuantileColumn:
    """The quantile q, as `quantile` defines it, of cells in which no bin is suppressed; of others any number."""
    rows, total = counts.in_finest, counts.total.values.astype(np.int64)
    below = np.cumsum(rows, axis=1) - rows
    place = Fraction(repr(q))
    exact = scaled(np.maximum(total - 1, 0), place.numerator)
    low_rank, rest = exact // place.denominator, exact % place.denominator
    low = _statistic(counts, rows, below, low_rank)
    high = _statistic(counts, rows, below, low_rank + (rest != 0))
    # low + (high - low) * rest / denominator, over the common denominator
    weight = place.denominator
    low_part = times(times(low.numerator, high.denominator), weight - rest)
    high_part = times(times(high.numerator, low.denominator), rest)
    return QuantileColumn(
        numerator=plus(low_part, high_part),
        denominator=scaled(times(low.denominator, high.denominator), weight),
        lower=np.minimum(low.lower, high.lower),
        upper=np.maximum(low.upper, high.upper),
    )


def _statistic(
    counts: BinCounts, rows: npt.NDArray[np.int64], below: npt.NDArray[np.int64], rank: Wholes
) -> QuantileColumn:
    """Where the value of this rank lies in each cell: evenly in the finest bin that holds it."""
    rank = narrowed(rank).astype(np.int64)
    found = np.maximum((below <= rank[:, None]).sum(axis=1) - 1, 0)
    holds = (below <= rank[:, None]) & (rank[:, None] < below + rows)
    found = np.where(holds.any(axis=1), holds.argmax(axis=1), found)
    cells = np.arange(len(found))
    first, last = (np.array(ends, dtype=np.int64)[found] for ends in zip(*counts.finest, strict=True))
    held = np.maximum(rows[cells, found], 1)
    share = 2 * (rank - below[cells, found]) + 1
    return QuantileColumn(
        numerator=plus(scaled(times(first, held), 2), times(last - first, share)),
        denominator=2 * held,
        lower=first,
        upper=last,
    )
