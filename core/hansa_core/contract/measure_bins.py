"""The contract's bins of a measure, in whole quanta."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

Bin = tuple[int, int]
"""First and last quanta of a bin, both included: (30, 60] days are 31 to 60."""


def level_bins(bounds: Bin, quantum: Fraction, cuts: Sequence[Fraction]) -> tuple[Bin, ...]:
    """The bins that the cuts make between the bounds; a cut at or beyond the bounds separates nothing.

    `bounds`: the least and the greatest quanta. `cuts`: in the measure's own unit.
    """
    first, last = bounds
    ends = sorted({end for cut in cuts if first <= (end := math.floor(cut / quantum)) < last})
    return tuple(zip([first, *(end + 1 for end in ends)], [*ends, last], strict=True))
