"""What do counts in bins say about the order of the values behind them?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from hansa_core.query.measure_bins import Bin


@dataclass(frozen=True, slots=True)
class Segment:
    """So many rows have quanta from `first` to `last`, both included."""

    first: int
    last: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """An estimate between the ends of a closed interval that holds the true value; all in quanta."""

    lower: int
    upper: int
    value: Fraction


def segments_of(counts: Mapping[Bin, int | None], ends: Bin, total: int) -> tuple[Segment, ...]:
    """The partition of `ends` into the most published bins; one segment of `total` rows if they make none.

    A suppressed bin (None) is never found by subtraction: where it stands, a coarser published one does.
    """
    published = sorted((held, rows) for held, rows in counts.items() if rows is not None)
    paths: dict[int, tuple[Segment, ...]] = {ends[0]: ()}
    for (first, last), rows in published:
        path = paths.get(first)
        if path is not None and len(path) >= len(paths.get(last + 1, ())):
            paths[last + 1] = (*path, Segment(first, last, rows))
    return paths.get(ends[1] + 1, (Segment(*ends, total),))


def contradict(counts: Mapping[Bin, int | None], ends: Bin, total: int) -> bool:
    """Whether no rows can have these counts: published bins tie the numbers of rows before their two ends together."""
    ties: dict[int, list[tuple[int, int]]] = {}
    for (first, last), rows in counts.items():
        if rows is not None:
            ties.setdefault(first, []).append((last + 1, rows))
            ties.setdefault(last + 1, []).append((first, -rows))
    before = {ends[0]: 0, ends[1] + 1: total}
    stack = list(before)
    while stack:
        mark = stack.pop()
        for other, rows in ties.get(mark, ()):
            if other not in before:
                before[other] = before[mark] + rows
                stack.append(other)
            elif before[other] != before[mark] + rows:
                return True
    return any(before[low] > before[high] for low, high in pairwise(sorted(before)))


def quantile(segments: Sequence[Segment], q: float) -> Quantile | None:
    """The quantile q of the values in rising `segments`; None without values.

    The interval is the hull of the segments that hold the order statistics ⌊q(n−1)⌋ and ⌈q(n−1)⌉, counted from 0. The
    value lies on the straight line between the two, each placed as if the values of its segment stood evenly in it.
    """
    count = sum(segment.rows for segment in segments)
    if not count:
        return None
    place = Fraction(repr(q)) * (count - 1)  # repr gives the decimal that was meant
    (low, below), (high, above) = (_statistic(segments, rank) for rank in (math.floor(place), math.ceil(place)))
    share = place - math.floor(place)
    return Quantile(lower=low.first, upper=high.last, value=below + (above - below) * share)


def _statistic(segments: Sequence[Segment], rank: int) -> tuple[Segment, Fraction]:
    """The segment that holds the value of this rank, and where in it."""
    before = 0
    for segment in segments:
        if rank < before + segment.rows:
            share = Fraction(2 * (rank - before) + 1, 2 * segment.rows)
            return segment, segment.first + (segment.last - segment.first) * share
        before += segment.rows
    raise AssertionError("a rank is below the number of values")
