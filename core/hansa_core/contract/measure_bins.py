"""The contract's bins of a measure, in whole quanta."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.quanta import bounds_in_quanta

Bin = tuple[int, int]
"""First and last quanta of a bin, both included: (30, 60] days are 31 to 60."""


def level_bins(column: ContractColumn, cuts: Sequence[Fraction]) -> tuple[Bin, ...]:
    """The bins between the column's bounds that the cuts make; a cut at or beyond the bounds separates nothing."""
    assert column.quantum is not None
    first, last = bounds_in_quanta(column)
    ends = sorted({end for cut in cuts if first <= (end := math.floor(cut / column.quantum)) < last})
    return tuple(zip([first, *(end + 1 for end in ends)], [*ends, last], strict=True))


def bins_of(column: ContractColumn) -> tuple[Bin, ...]:
    """The bins of all levels, each once: where a fine one is suppressed, a coarse one may be published."""
    return tuple(dict.fromkeys(one for cuts in column.bins for one in level_bins(column, cuts)))
