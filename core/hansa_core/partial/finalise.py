"""Finished aggregates: from exact moments to values in the column's own unit; the only place where floats appear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.partial.array_values import array_from_numbers, array_from_wholes, bitmap_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.binned_columns import BinCounts, quantiles_of
from hansa_core.partial.exact import nearest_quotient
from hansa_core.partial.moment_columns import Moments, whole_moment
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.partial.quantiles import Segment
from hansa_core.partial.statistics import PairSums, pair_statistic, variance
from hansa_core.partial.wholes import Mask, Wholes, nearest_doubles, scaled
from hansa_core.plan.double_code import doubles_of_codes
from hansa_core.plan.measure import MeasuredArgument, measure_of
from hansa_core.plan.moments import MAX_MOMENT, MAX_ROWS, PAIRS_WITH_SQUARES, Moment, MomentKind, moments_of_aggregate
from hansa_core.plan.plan import PAIRED, SPREADS, Aggregate, AggregateFunction

Binned = tuple[dict[str, int | float], ...]
"""A histogram: bins in rising order, each with `lower`, `upper` (both included, in the column's unit) and `rows`."""

_COUNTS = (
    AggregateFunction.COUNT_ROWS,
    AggregateFunction.COUNT,
    AggregateFunction.COUNT_DISTINCT,
    AggregateFunction.REGR_COUNT,
)
_LIKE_THEIR_COLUMN = (AggregateFunction.SUM, AggregateFunction.MIN, AggregateFunction.MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalColumn:
    """Of quantiles, the closed intervals that hold the true ones, cell by cell, in the column's own unit."""

    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedColumn:
    """One aggregate of many cells.

    `values`: in `aggregate_type`, null where SQL has NULL, as over no value, and where the value was not asked for.
    `interval`: of a quantile. `hidden`: cells whose bins are suppressed so far that nothing is left to tell; their null
    is no NULL.
    """

    values: pa.Array
    hidden: Mask
    interval: IntervalColumn | None = None


def aggregate_type(aggregate: Aggregate, contract: Contract) -> pa.DataType:
    """The Arrow type of the finished aggregate.

    Counts are int64. A SUM of integers is int64 where the bounds allow no overflow over 2**40 rows, decimal128(38, 0)
    where they allow 38 digits, and float64 beyond. MIN and MAX have the type of what they are taken over, of computed
    integers beyond 64 bits decimal128(38, 0). A histogram is a list of bins. All else is float64.
    """
    if aggregate.function in _COUNTS:
        return pa.int64()
    assert aggregate.column is not None
    measure = measure_of(aggregate.column, contract)
    if measure.type.is_temporal:
        return ARROW_TYPES[measure.type]
    whole = measure.type is DataType.INTEGER
    if aggregate.function is AggregateFunction.HISTOGRAM:
        end = pa.int64() if whole else pa.float64()
        return pa.list_(pa.struct([("lower", end), ("upper", end), ("rows", pa.int64())]))
    if aggregate.function not in _LIKE_THEIR_COLUMN or not whole:
        return pa.float64()
    reach = measure.reach * measure.quantum
    if aggregate.function is not AggregateFunction.SUM:
        return pa.int64() if measure.exact is None or reach <= INT64_MAX else pa.decimal128(38, 0)
    most = reach * MAX_ROWS
    return pa.int64() if most <= INT64_MAX else pa.decimal128(38, 0) if most <= MAX_MOMENT else pa.float64()


def finalise(aggregate: Aggregate, moments: Moments, given: Mask, contract: Contract) -> FinishedColumn:
    """The values of the `given` cells, by the moments of `moments_of_aggregate`.

    A double is the one nearest to the exact value. Only the bins of a quantile or histogram may be suppressed in a
    given cell.
    """
    kind = aggregate_type(aggregate, contract)
    nothing_hidden = np.zeros(len(given), dtype=bool)
    if aggregate.function is AggregateFunction.HISTOGRAM:
        return _histograms(_bin_counts(aggregate, moments, contract), given, kind, contract)
    if aggregate.function is AggregateFunction.QUANTILE_CONT:
        return _quantiles(aggregate, _bin_counts(aggregate, moments, contract), given, contract)
    if aggregate.function in PAIRED - {AggregateFunction.REGR_COUNT}:
        values, known = _pair(aggregate, moments, contract)
    elif aggregate.function in SPREADS:
        values, known = _variance(aggregate, moments, contract)
    else:
        values, known = _of_one(aggregate, moments, contract)
    build = array_from_wholes if pa.types.is_decimal(kind) else array_from_numbers
    return FinishedColumn(values=build(values, known & given, kind), hidden=nothing_hidden)


def _of_one(aggregate: Aggregate, moments: Moments, contract: Contract) -> tuple[npt.NDArray[Any], Mask]:
    """Counts, sums, means and extremes."""
    wanted = moments_of_aggregate(aggregate, contract)
    if aggregate.function in _COUNTS:
        (only,) = wanted
        return moments[only].values, np.ones(len(moments[only]), dtype=bool)
    first, count = whole_moment(moments, replace(wanted[0], limb=None)).values, moments[wanted[-1]].values
    has_values = count != 0
    assert aggregate.column is not None
    measure = measure_of(aggregate.column, contract)
    if aggregate.function is AggregateFunction.AVG:
        numerator = scaled(first, measure.quantum.numerator)
        mean, finite = nearest_doubles(numerator, scaled(np.where(has_values, count, 1), measure.quantum.denominator))
        return mean, finite & has_values
    if measure.type.is_temporal:
        return first, has_values
    held = np.where(has_values, first, 0)
    if aggregate.function is AggregateFunction.SUM:
        values, known = _in_unit(held, measure, exactly=aggregate_type(aggregate, contract) != pa.float64())
    else:
        values, known = _extremes(held, measure)
    return values, known & has_values


def _extremes(quanta: Wholes, measure: MeasuredArgument) -> tuple[npt.NDArray[Any], Mask]:
    """MIN and MAX in the column's own unit; an integer of a bare column beyond 64 bits is NULL, as in a row."""
    if measure.is_ordered_by_code:
        return doubles_of_codes(quanta.astype(np.int64)), np.ones(len(quanta), dtype=bool)
    whole = measure.type is DataType.INTEGER
    values, known = _in_unit(quanta, measure, exactly=whole)
    if whole and measure.exact is None:
        known = known & ((values >= INT64_MIN) & (values <= INT64_MAX)).astype(bool)
    return values, known


def _in_unit(quanta: Wholes, measure: MeasuredArgument, *, exactly: bool) -> tuple[npt.NDArray[Any], Mask]:
    """Whole quanta in the column's own unit: integers if `exactly`, else the nearest doubles."""
    steps = scaled(quanta, measure.quantum.numerator)
    if exactly:
        return steps, np.ones(len(steps), dtype=bool)
    return nearest_doubles(steps, np.full(len(steps), measure.quantum.denominator))


def _variance(aggregate: Aggregate, moments: Moments, contract: Contract) -> tuple[npt.NDArray[Any], Mask]:
    x, where = aggregate.column, aggregate.where
    assert x is not None
    total = Moment(MomentKind.SUM, x, where)
    squares = whole_moment(moments, Moment(MomentKind.SQUARES, x, where))
    return variance(
        whole_moment(moments, total).values,
        squares.values,
        moments[total.count].values,
        measure_of(x, contract).quantum,
        root=aggregate.function in (AggregateFunction.STDDEV_SAMP, AggregateFunction.STDDEV_POP),
        less=1 if aggregate.function in (AggregateFunction.VAR_SAMP, AggregateFunction.STDDEV_SAMP) else 0,
    )


def _pair(aggregate: Aggregate, moments: Moments, contract: Contract) -> tuple[npt.NDArray[Any], Mask]:
    y, x, where = aggregate.column, aggregate.second, aggregate.where
    assert y is not None
    assert x is not None
    y_sum, x_sum = Moment(MomentKind.SUM, y, where, x), Moment(MomentKind.SUM, x, where, y)
    count = y_sum.count
    sums = PairSums(
        count=moments[count].values,
        y=whole_moment(moments, y_sum).values,
        x=whole_moment(moments, x_sum).values,
        xy=whole_moment(moments, Moment(MomentKind.PRODUCTS, count.column, where, count.second)).values,
        yy=_squares(y_sum, aggregate, moments),
        xx=_squares(x_sum, aggregate, moments),
    )
    quanta = (measure_of(argument, contract).quantum for argument in (y, x))
    return pair_statistic(aggregate.function, sums, *quanta)


def _squares(total: Moment, aggregate: Aggregate, moments: Moments) -> Wholes | None:
    if aggregate.function not in PAIRS_WITH_SQUARES:
        return None
    return whole_moment(moments, Moment(MomentKind.SQUARES, total.column, total.where, total.second)).values


def _bin_counts(aggregate: Aggregate, moments: Moments, contract: Contract) -> BinCounts:
    column = contract.columns[str(aggregate.column)]
    *bins, count = moments_of_aggregate(aggregate, contract)
    assert len(bins) == len(column.all_bins)
    return BinCounts(column=column, bins=[moments[one] for one in bins], total=moments[count])


def _quantiles(aggregate: Aggregate, counts: BinCounts, given: Mask, contract: Contract) -> FinishedColumn:
    assert aggregate.quantile is not None
    quantum = measure_of(str(aggregate.column), contract).quantum
    found = quantiles_of(counts, aggregate.quantile)
    value, known = nearest_doubles(
        scaled(found.numerator, quantum.numerator), scaled(found.denominator, quantum.denominator)
    )
    lower, upper = found.lower.astype(object), found.upper.astype(object)
    known = known & given & (counts.total.values != 0)
    hidden = np.zeros(len(given), dtype=bool)
    for cell in np.flatnonzero(given & ~counts.is_whole).tolist():
        one = counts.quantile(cell, aggregate.quantile)
        if one is None:
            continue
        hidden[cell] = (one.lower, one.upper) == counts.column.bounds
        exact = one.value * quantum
        nearest = nearest_quotient(exact.numerator, exact.denominator)
        known[cell] = nearest is not None and not hidden[cell]
        value[cell], lower[cell], upper[cell] = nearest or 0.0, one.lower, one.upper
    denominators = np.full(len(given), quantum.denominator)
    ends = {
        name: nearest_doubles(scaled(end, quantum.numerator), denominators)[0]
        for name, end in (("lower", lower), ("upper", upper))
    }
    interval = IntervalColumn(**{name: np.where(known, end, np.nan) for name, end in ends.items()})
    return FinishedColumn(values=array_from_numbers(value, known, pa.float64()), hidden=hidden, interval=interval)


def _histograms(counts: BinCounts, given: Mask, kind: pa.DataType, contract: Contract) -> FinishedColumn:
    measure = measure_of(counts.column.name, contract)
    hidden = np.zeros(len(given), dtype=bool)
    whole = given & counts.is_whole
    if (whole == given).all():
        return FinishedColumn(values=_finest_histograms(counts, given, kind, measure), hidden=hidden)
    shown: list[Binned | None] = [None] * len(given)
    for cell in np.flatnonzero(given).tolist():
        segments = counts.segments(cell)
        hidden[cell] = not whole[cell] and len(segments) == 1
        if not hidden[cell]:
            shown[cell] = tuple(_bin(segment, measure) for segment in segments)
    return FinishedColumn(values=array_of(shown, kind), hidden=hidden)


def _finest_histograms(counts: BinCounts, given: Mask, kind: pa.DataType, measure: MeasuredArgument) -> pa.Array:
    """Histograms of cells in which no bin is suppressed: the same bins in each."""
    rows = counts.in_finest[given].reshape(-1)
    cells, bins = int(given.sum()), len(counts.finest)
    fields = [
        array_from_numbers(np.tile(_ends(ends, measure), cells), np.ones(cells * bins, dtype=bool), field.type)
        for ends, field in zip(zip(*counts.finest, strict=True), kind.value_type, strict=False)
    ]
    fields.append(array_from_numbers(rows, np.ones(len(rows), dtype=bool), pa.int64()))
    bars = pa.StructArray.from_arrays(fields, fields=list(kind.value_type))
    offsets = np.concatenate([[0], np.cumsum(np.where(given, bins, 0))]).astype(np.int32)
    return pa.Array.from_buffers(kind, len(given), [bitmap_of(given), pa.py_buffer(offsets)], children=[bars])


def _ends(ends: Sequence[int], measure: MeasuredArgument) -> npt.NDArray[Any]:
    return np.array([_value(end * measure.quantum, measure) for end in ends])


def _bin(segment: Segment, measure: MeasuredArgument) -> dict[str, int | float]:
    lower, upper = (_value(end * measure.quantum, measure) for end in (segment.first, segment.last))
    return {"lower": lower, "upper": upper, "rows": segment.rows}


def _value(exact: Fraction, measure: MeasuredArgument) -> int | float:
    if measure.type is DataType.INTEGER:
        return int(exact)
    nearest = nearest_quotient(exact.numerator, exact.denominator)
    assert nearest is not None  # the contract's bounds are doubles
    return nearest
