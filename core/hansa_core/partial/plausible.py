"""Plausibility: whether rows within the contract's bounds can have the moments that a city sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from hansa_core.contract.contract import Contract
from hansa_core.contract.measure_bins import Bin
from hansa_core.partial.moment_columns import Moments, whole_moment
from hansa_core.partial.quantiles import contradict
from hansa_core.partial.wholes import Mask, Wholes, all_of, minus, plus, scaled, times
from hansa_core.plan.double_code import code_of_double
from hansa_core.plan.limbs import limb_of, pairs_at
from hansa_core.plan.measure import MeasuredArgument
from hansa_core.plan.moments import MAX_ROWS, Half, Moment, MomentKind, half_of, measures_of


def first_implausible(moments: Moments, contract: Contract) -> str | None:
    """What no rows can have, in words, or None. `moments`: all of a plan, so that each has its count."""
    return next((said for said, holds in _tests(moments, contract) if not holds.all()), None)


def _tests(moments: Moments, contract: Contract) -> Iterator[tuple[str, Mask]]:
    """Each rule in words, and in which cells it holds; a rule about a suppressed moment holds."""
    for moment, column in moments.items():
        said = f"{moment.kind} that the contract's bounds rule out"
        if moment.kind is MomentKind.BIN:
            count = moments[moment.count]
            yield said, ~column.known | (_within(column.values, 0, np.where(count.known, count.values, MAX_ROWS)))
        elif moment.counts:
            yield said, ~column.known | _within(column.values, 0, MAX_ROWS)
        else:
            count = moments[moment.count]
            possible = _possible(moment, column.values, count.values, contract)
            yield said, (column.known == count.known) & (~column.known | possible)
        if moment.kind is MomentKind.SUM and moment.limb == 0:
            yield said, _whole_sum_is_possible(moment, moments, contract)
        if moment.kind is MomentKind.SQUARES and moment.half is not Half.LOW and not moment.limb:
            yield "sum of squares that its sum rules out", _cauchy(moment, moments)
    for one in {moment.count: moment for moment in moments if moment.kind is MomentKind.BIN}.values():
        yield "count in a bin that contradicts the others", _bins_agree(one, moments, contract)


def _within(values: Wholes, least: Wholes | int, greatest: Wholes | int) -> Mask:
    return ((values >= least) & (values <= greatest)).astype(bool)


def _possible(moment: Moment, values: Wholes, rows: Wholes, contract: Contract) -> Mask:
    """In which cells so many rows can give the value of this moment."""
    if moment.kind in (MomentKind.MIN, MomentKind.MAX):
        return np.where(rows == 0, values == moment.nothing, _within(values, *_extremes(moment, contract)))
    least, greatest = _range_of_one(moment, contract)
    return _within(values, scaled(rows, least), scaled(rows, greatest))


def _extremes(moment: Moment, contract: Contract) -> tuple[int, int]:
    """The least and the greatest value that MIN and MAX can have."""
    (measure,) = measures_of(moment, contract)
    if not measure.is_ordered_by_code:
        return measure.lower, measure.upper
    assert measure.doubles is not None
    return code_of_double(float(measure.doubles.lower)), code_of_double(float(measure.doubles.upper))


def _range_of_one(moment: Moment, contract: Contract) -> tuple[int, int]:
    """What one row can add to a sum, or to a half or limb of it."""
    measures = measures_of(moment, contract)
    if moment.limb is not None:
        return _range_of_limb(moment.limb, measures)
    if moment.kind is MomentKind.SUM:
        return measures[0].lower, measures[0].upper
    reach = measures[0].reach * measures[1].reach
    least = 0 if moment.kind is MomentKind.SQUARES else -reach
    if moment.half is Half.LOW:
        return 0, half_of(-1, Half.LOW)
    return half_of(least, moment.half), half_of(reach, moment.half)


def _range_of_limb(place: int, measures: Sequence[MeasuredArgument]) -> tuple[int, int]:
    """What one value, or the product of two, can have at one place."""
    if len(measures) == 1:
        return _limb_range(place, measures[0])
    least = greatest = 0
    for i, j in pairs_at(place, measures[0].limbs, measures[1].limbs):
        first, second = _limb_range(i, measures[0]), _limb_range(j, measures[1])
        corners = [a * b for a in first for b in second]
        least, greatest = least + min(corners), greatest + max(corners)
    return least, greatest


def _limb_range(place: int, measure: MeasuredArgument) -> tuple[int, int]:
    if place < measure.limbs - 1:
        return 0, limb_of(-1, 0, 2)
    return limb_of(measure.lower, place, measure.limbs), limb_of(measure.upper, place, measure.limbs)


def _whole_sum_is_possible(lowest: Moment, moments: Moments, contract: Contract) -> Mask:
    """Whether limbs together make a sum that so many values within the bounds can have."""
    total, count = whole_moment(moments, replace(lowest, limb=None)), moments[lowest.count]
    (measure,) = measures_of(lowest, contract)
    possible = _within(total.values, scaled(count.values, measure.lower), scaled(count.values, measure.upper))
    return ~total.known | possible


def _cauchy(squares: Moment, moments: Moments) -> Mask:
    """(Σx)² ≤ n·Σx²: else a variance would be negative; and so for products, or a correlation would pass 1."""
    count = squares.count
    wanted = [
        count,
        Moment(MomentKind.SUM, squares.column, squares.where, squares.second),
        replace(squares, half=None, limb=None),
    ]
    if squares.second is not None:
        wanted += [
            Moment(MomentKind.SUM, squares.second, squares.where, squares.column),
            Moment(MomentKind.SQUARES, squares.second, squares.where, squares.column),
            Moment(MomentKind.PRODUCTS, count.column, count.where, count.second),
        ]
    columns = [whole_moment(moments, moment) for moment in wanted]
    known = all_of([column.known for column in columns])
    n, x, xx, *others = (column.values for column in columns)
    x_spread = minus(times(n, xx), times(x, x))
    holds: Mask = (x_spread >= 0).astype(bool)
    if others:
        y, yy, xy = others
        y_spread, products = minus(times(n, yy), times(y, y)), minus(times(n, xy), times(x, y))
        holds &= (times(products, products) <= times(x_spread, y_spread)).astype(bool)
    holds |= ~known
    return holds


def _bins_agree(one: Moment, moments: Moments, contract: Contract) -> Mask:
    """Whether the counts in coarse bins, and over all, are those of the fine bins in them, as far as published."""
    column = contract.columns[str(one.column)]
    counts = {held: moments[replace(one, bin=held)] for held in column.all_bins}
    total = moments[one.count]
    whole = all_of([count.known for count in counts.values()])
    fine = column.levels[-1]
    holds = np.ones(len(total), dtype=bool)
    for held, count in [*counts.items(), (column.bounds, total)]:
        parts = [counts[part].values for part in fine if held[0] <= part[0] and part[1] <= held[1]]
        holds &= (count.values == _sum(parts)).astype(bool)
    holds |= ~whole
    for cell in np.flatnonzero(~whole & total.known):
        held_rows: dict[Bin, int | None] = {
            held: int(count.values[cell]) if count.known[cell] else None for held, count in counts.items()
        }
        holds[cell] = not contradict(held_rows, column.bounds, int(total.values[cell]))
    return holds | ~total.known


def _sum(parts: Sequence[Wholes]) -> Wholes:
    total = parts[0]
    for part in parts[1:]:
        total = plus(total, part)
    return total
