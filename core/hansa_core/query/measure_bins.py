"""The contract's bins of a measure, in whole quanta."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from hansa_core.query.contract import ContractColumn

Bin = tuple[int, int]
"""First and last quanta of a bin, both included: (30, 60] days are 31 to 60."""


def ends_of(column: ContractColumn) -> Bin:
    """The least and the greatest quanta that the column can hold."""
    assert column.quantum is not None
    assert column.lower is not None
    assert column.upper is not None
    return math.ceil(column.lower / column.quantum), math.floor(column.upper / column.quantum)


def level_bins(column: ContractColumn, cuts: Sequence[Fraction]) -> tuple[Bin, ...]:
    """The bins between the column's bounds that the cuts make; a cut at or beyond the bounds separates nothing."""
    assert column.quantum is not None
    first, last = ends_of(column)
    ends = sorted({end for cut in cuts if first <= (end := math.floor(cut / column.quantum)) < last})
    return tuple(zip([first, *(end + 1 for end in ends)], [*ends, last], strict=True))


def bins_of(column: ContractColumn) -> tuple[Bin, ...]:
    """The bins of all levels, each once: where a fine one is suppressed, a coarse one may be published."""
    return tuple(dict.fromkeys(one for cuts in column.bins for one in level_bins(column, cuts)))


def finest_bins(column: ContractColumn) -> tuple[Bin, ...]:
    """The bins of the finest level, in rising order."""
    return level_bins(column, column.bins[-1])
