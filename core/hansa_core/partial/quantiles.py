"""Quantiles and histograms of one cell from counts in bins, some of which may be suppressed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from hansa_core.contract.measure_bins import Bin


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
    before = _rows_before(counts, ends, total)
    return before is None or any(before[low] > before[high] for low, high in pairwise(sorted(before)))


def quantile(counts: Mapping[Bin, int | None], ends: Bin, total: int, q: float) -> Quantile | None:
    """The quantile q of `total` values in `ends`; None without values.

    The interval is the hull of the bins that hold the order statistics ⌊q(n−1)⌋ and ⌈q(n−1)⌉, counted from 0: for each
    the narrowest published bin that surely does, as published bins below or above it tell. The value lies on the
    straight line between the two, each placed as if the values of its bin stood evenly in it.
    """
    if not total:
        return None
    before = _rows_before(counts, ends, total)
    assert before is not None  # counts that contradict one another never come this far
    place = Fraction(repr(q)) * (total - 1)  # repr gives the decimal that was meant
    bins = [Segment(*ends, total), *(Segment(*held, rows) for held, rows in counts.items() if rows)]
    low, high = (_statistic(bins, before, rank) for rank in (math.floor(place), math.ceil(place)))
    share = place - math.floor(place)
    value = low.value + (high.value - low.value) * share
    return Quantile(lower=min(low.lower, high.lower), upper=max(low.upper, high.upper), value=value)


def _rows_before(counts: Mapping[Bin, int | None], ends: Bin, total: int) -> dict[int, int] | None:
    """How many values lie below each mark that published bins tie to the ends; None where they contradict."""
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
                return None
    return before


def _statistic(bins: Sequence[Segment], before: Mapping[int, int], rank: int) -> Quantile:
    """Where the value of this rank lies, by the narrowest bin that surely holds it."""
    holding = (one for one in bins if one.first in before and 0 <= rank - before[one.first] < one.rows)
    narrowest = min(holding, key=lambda one: one.last - one.first)
    share = Fraction(2 * (rank - before[narrowest.first]) + 1, 2 * narrowest.rows)
    value = narrowest.first + (narrowest.last - narrowest.first) * share
    return Quantile(lower=narrowest.first, upper=narrowest.last, value=value)
