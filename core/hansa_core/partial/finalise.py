"""How does an aggregate's value follow from its exact moments? The only place where floats appear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.measure_bins import bins_of
from hansa_core.contract.quanta import bounds_in_quanta, moment_of
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value
from hansa_core.partial.exact import nearest_float, nearest_root
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.partial.quantiles import Segment, quantile, segments_of
from hansa_core.partial.statistics import PairSums, pair_statistic, sample_variance
from hansa_core.plan.measure import Measure, measure_of
from hansa_core.plan.moments import MAX_ROWS, Half, Moment, moments_of_aggregate, whole_of_halves
from hansa_core.plan.plan import PAIRED, Aggregate, AggregateFunction

Binned = tuple[dict[str, int | float], ...]
"""A histogram: bins in rising order, each with `lower`, `upper` (both included, in the column's unit) and `rows`."""

_COUNTS = (AggregateFunction.COUNT_ROWS, AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT)
_LIKE_THEIR_COLUMN = (AggregateFunction.SUM, AggregateFunction.MIN, AggregateFunction.MAX)
_SQUARED = (AggregateFunction.VAR_SAMP, AggregateFunction.STDDEV_SAMP, *PAIRED)
_BINNED = (AggregateFunction.QUANTILE_CONT, AggregateFunction.HISTOGRAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An aggregate's value in the column's own unit; None where SQL has NULL, as over no value.

    `interval`: of a quantile, the closed interval that holds the true one. `hidden`: its bins are suppressed so far
    that nothing is left to tell, and the None is no NULL.
    """

    value: Value | Binned | None
    interval: tuple[float, float] | None = None
    hidden: bool = False


def aggregate_type(aggregate: Aggregate, contract: Contract) -> pa.DataType:
    """The Arrow type of the finished aggregate.

    Counts are int64. A SUM of integers is int64 where the bounds allow no overflow over 2**40 rows, else
    decimal128(38, 0). MIN and MAX have the type of what they are taken over. A histogram is a list of bins. All else
    is float64.
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
    fits = aggregate.function is not AggregateFunction.SUM or measure.reach * measure.quantum * MAX_ROWS <= INT64_MAX
    return pa.int64() if fits else pa.decimal128(38, 0)


def finalise(aggregate: Aggregate, moments: Sequence[int | None], contract: Contract) -> Finished:
    """The value that the moments, in the order of `moments_of_aggregate`, give.

    A float is the one nearest to the exact value. Only the bins of a quantile or histogram may be None: suppressed.
    """
    if aggregate.function in _BINNED:
        return _from_bins(aggregate, moments, contract)
    exact = [moment for moment in moments if moment is not None]
    assert len(exact) == len(moments)
    if aggregate.function in _COUNTS:
        return Finished(value=exact[0])
    measures = [measure_of(argument, contract) for argument in aggregate.arguments]
    if aggregate.function in _SQUARED:
        exact = _without_halves(moments_of_aggregate(aggregate, contract), exact)
    if aggregate.function in PAIRED:
        y, x, xy, *squares, count = exact
        sums = PairSums(count=count, y=y, x=x, xy=xy, **dict(zip(("yy", "xx"), squares, strict=False)))
        return Finished(value=pair_statistic(aggregate.function, sums, *(measure.quantum for measure in measures)))
    return Finished(value=_of_one(aggregate.function, exact, measures[0]))


def _without_halves(moments: Sequence[Moment], values: Sequence[int]) -> list[int]:
    """The values with each two halves, which stand together, as one."""
    whole: list[int] = []
    for moment, value in zip(moments, values, strict=True):
        if moment.half is Half.LOW:
            whole[-1] = whole_of_halves(whole[-1], value)
        else:
            whole.append(value)
    return whole


def _of_one(function: AggregateFunction, moments: Sequence[int], measure: Measure) -> Value | None:
    first, *others, count = moments
    if count == 0:
        return None
    match function:
        case AggregateFunction.AVG:
            return nearest_float(first * measure.quantum / count)
        case AggregateFunction.VAR_SAMP | AggregateFunction.STDDEV_SAMP:
            variance = sample_variance(first, others[0], count, measure.quantum)
            if variance is None:
                return None
            return nearest_float(variance) if function is AggregateFunction.VAR_SAMP else nearest_root(variance)
        case _ if measure.type.is_temporal:
            return moment_of(measure.type, first)
        case _:
            value = _value(first * measure.quantum, measure)
            is_extreme = function is not AggregateFunction.SUM
            return None if is_extreme and isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX else value


def _from_bins(aggregate: Aggregate, moments: Sequence[int | None], contract: Contract) -> Finished:
    column = contract.columns[str(aggregate.column)]
    measure = measure_of(column.name, contract)
    *rows, count = moments
    assert count is not None
    counts = dict(zip(bins_of(column), rows, strict=True))
    ends = bounds_in_quanta(column)
    if aggregate.function is AggregateFunction.HISTOGRAM:
        segments = segments_of(counts, ends, count)
        if None in rows and len(segments) == 1:
            return Finished(value=None, hidden=True)
        return Finished(value=tuple(_bin(segment, measure) for segment in segments))
    assert aggregate.quantile is not None
    found = quantile(counts, ends, count, aggregate.quantile)
    if found is None:
        return Finished(value=None)
    if None in rows and (found.lower, found.upper) == ends:
        return Finished(value=None, hidden=True)
    lower, upper = float(found.lower * measure.quantum), float(found.upper * measure.quantum)
    return Finished(value=nearest_float(found.value * measure.quantum), interval=(lower, upper))


def _bin(segment: Segment, measure: Measure) -> dict[str, int | float]:
    lower, upper = (_value(end * measure.quantum, measure) for end in (segment.first, segment.last))
    assert lower is not None
    assert upper is not None
    return {"lower": lower, "upper": upper, "rows": segment.rows}


def _value(exact: Fraction, measure: Measure) -> int | float | None:
    return int(exact) if measure.type is DataType.INTEGER else nearest_float(exact)
