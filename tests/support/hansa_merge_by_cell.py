"""Merging cell by cell in plain Python and fractions: the definition to which the merge by column is held."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial as bound
from functools import reduce

from hansa_core.contract.contract import Contract, Scope
from hansa_core.contract.level import Level
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value
from hansa_core.partial.domain_order import cell_order
from hansa_core.partial.finalise import Binned
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.partial.merged_table import Mark
from hansa_core.partial.partial import rows_of
from hansa_core.partial.quantiles import Segment, quantile, segments_of
from hansa_core.plan.expression import columns_of
from hansa_core.plan.limbs import LIMB_BITS
from hansa_core.plan.measure import MeasuredArgument, measure_of
from hansa_core.plan.moments import MAX_MOMENT, MAX_ROWS, Half, Moment, MomentKind, moments_of, moments_of_aggregate
from hansa_core.plan.plan import PAIRED, SPREADS, Aggregate, AggregateFunction, Plan
from hansa_merged_cells import MergedCell, MergedValue
from hansa_moment_algebra import merge_moments, moment_of, whole_of_halves

Keys = tuple[Value | None, ...]
Moments = tuple[int | None, ...]
_COUNTS = (
    AggregateFunction.COUNT_ROWS,
    AggregateFunction.COUNT,
    AggregateFunction.COUNT_DISTINCT,
    AggregateFunction.REGR_COUNT,
)
_OF_A_SAMPLE = (AggregateFunction.VAR_SAMP, AggregateFunction.STDDEV_SAMP)
_ROOTS = (AggregateFunction.STDDEV_SAMP, AggregateFunction.STDDEV_POP)
_BINNED = (AggregateFunction.QUANTILE_CONT, AggregateFunction.HISTOGRAM)
_ROOT_BITS = 64


def nearest_float(value: Fraction) -> float | None:
    """Correctly rounded; None beyond the doubles."""
    try:
        return float(value) + 0.0
    except OverflowError:
        return None


def nearest_root(square: Fraction) -> float | None:
    """The square root of what is not negative, correctly rounded."""
    shift = max(0, _ROOT_BITS + (square.denominator.bit_length() - square.numerator.bit_length() + 1) // 2)
    quotient, rest = divmod(square.numerator << 2 * shift, square.denominator)
    root = math.isqrt(quotient)
    inexact = rest != 0 or root * root != quotient
    return nearest_float(Fraction(2 * root + inexact, 2 << shift))


def variance(total: int, squares: int, count: int, quantum: Fraction, *, less: int = 1) -> Fraction | None:
    """Of `count` values in quanta with this sum and sum of squares, divided by the count less 1 or 0."""
    if count <= less:
        return None
    return Fraction(count * squares - total * total, count * (count - less)) * quantum**2


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """Sums over the rows where y and x are both not NULL, in quanta. `yy`, `xx`: 0 where only products are needed."""

    count: int
    y: int
    x: int
    xy: int
    yy: int = 0
    xx: int = 0

    @property
    def deviation_products(self) -> int:
        """count · Σ (x − mean x)(y − mean y)."""
        return self.count * self.xy - self.x * self.y

    @property
    def x_deviation_squares(self) -> int:
        """count · Σ (x − mean x)²."""
        return self.count * self.xx - self.x * self.x

    @property
    def y_deviation_squares(self) -> int:
        """count · Σ (y − mean y)²."""
        return self.count * self.yy - self.y * self.y


def pair_statistic(
    function: AggregateFunction, sums: PairSums, y_quantum: Fraction, x_quantum: Fraction
) -> float | None:
    """The double nearest to the exact value; None where it is undefined.

    COVAR_SAMP needs two pairs; CORR two values of each; the REGR_ functions two values of x. REGR_R2 of a constant y is
    1: the line meets every point. Source: ISO/IEC 9075-2, 10.9.
    """
    xy, xx, yy = sums.deviation_products, sums.x_deviation_squares, sums.y_deviation_squares
    match function:
        case AggregateFunction.COVAR_SAMP:
            if sums.count < 2:
                return None
            return nearest_float(Fraction(xy, sums.count * (sums.count - 1)) * y_quantum * x_quantum)
        case AggregateFunction.COVAR_POP:
            return nearest_float(Fraction(xy, sums.count**2) * y_quantum * x_quantum) if sums.count else None
        case AggregateFunction.REGR_SXY:
            return nearest_float(Fraction(xy, sums.count) * y_quantum * x_quantum) if sums.count else None
        case AggregateFunction.REGR_AVGX:
            return nearest_float(Fraction(sums.x, sums.count) * x_quantum) if sums.count else None
        case AggregateFunction.REGR_AVGY:
            return nearest_float(Fraction(sums.y, sums.count) * y_quantum) if sums.count else None
        case AggregateFunction.REGR_SXX:
            return nearest_float(Fraction(xx, sums.count) * x_quantum**2) if sums.count else None
        case AggregateFunction.REGR_SYY:
            return nearest_float(Fraction(yy, sums.count) * y_quantum**2) if sums.count else None
        case AggregateFunction.CORR:
            if not xx or not yy:
                return None
            size = nearest_root(Fraction(xy * xy, xx * yy))
            return -size if size and xy < 0 else size
        case _ if not xx:
            return None
        case AggregateFunction.REGR_SLOPE:
            return nearest_float(Fraction(xy, xx) * y_quantum / x_quantum)
        case AggregateFunction.REGR_INTERCEPT:
            return nearest_float((sums.y - Fraction(xy, xx) * sums.x) / sums.count * y_quantum)
        case AggregateFunction.REGR_R2:
            return nearest_float(Fraction(xy * xy, xx * yy)) if yy else 1.0
        case _:
            raise AssertionError(f"{function} is no statistic of pairs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An aggregate's value in the column's own unit; None where SQL has NULL, as over no value.

    `interval`: of a quantile, the closed interval that holds the true one. `hidden`: its bins are suppressed so far
    that nothing is left to tell, and the None is no NULL.
    """

    value: Value | Binned | None
    interval: tuple[float, float] | None = None
    hidden: bool = False


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
    exact = _in_one_piece(moments_of_aggregate(aggregate, contract), exact)
    if aggregate.function in PAIRED:
        y, x, xy, *squares, count = exact
        sums = PairSums(count=count, y=y, x=x, xy=xy, **dict(zip(("yy", "xx"), squares, strict=False)))
        return Finished(value=pair_statistic(aggregate.function, sums, *(measure.quantum for measure in measures)))
    return Finished(value=_of_one(aggregate.function, exact, measures[0]))


def _in_one_piece(moments: Sequence[Moment], values: Sequence[int]) -> list[int]:
    """The values with halves and limbs, which stand together, as one."""
    whole: list[int] = []
    for moment, value in zip(moments, values, strict=True):
        if moment.half is Half.LOW:
            whole[-1] = whole_of_halves(whole[-1], value)
        elif moment.limb:
            whole[-1] += value << LIMB_BITS * moment.limb
        else:
            whole.append(value)
    return whole


def _of_one(function: AggregateFunction, moments: Sequence[int], measure: MeasuredArgument) -> Value | None:
    first, *others, count = moments
    if count == 0:
        return None
    match function:
        case AggregateFunction.AVG:
            return nearest_float(first * measure.quantum / count)
        case spread if spread in SPREADS:
            exact = variance(first, others[0], count, measure.quantum, less=1 if function in _OF_A_SAMPLE else 0)
            if exact is None:
                return None
            return nearest_root(exact) if function in _ROOTS else nearest_float(exact)
        case _ if measure.type.is_temporal:
            return moment_of(measure.type, first)
        case AggregateFunction.SUM:
            is_double = measure.reach * measure.quantum * MAX_ROWS > MAX_MOMENT
            value = _value(first * measure.quantum, measure)
            return nearest_float(first * measure.quantum) if is_double else value
        case _ if measure.is_ordered_by_code:
            (double,) = struct.unpack("<d", struct.pack("<q", abs(first)))
            return float(-double if first < 0 else double)
        case _:
            value = _value(first * measure.quantum, measure)
            is_bare = measure.exact is None
            return None if is_bare and isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX else value


def _from_bins(aggregate: Aggregate, moments: Sequence[int | None], contract: Contract) -> Finished:
    column = contract.columns[str(aggregate.column)]
    measure = measure_of(column.name, contract)
    *rows, count = moments
    assert count is not None
    counts = dict(zip(column.all_bins, rows, strict=True))
    ends = column.bounds
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


def _bin(segment: Segment, measure: MeasuredArgument) -> dict[str, int | float]:
    lower, upper = (_value(end * measure.quantum, measure) for end in (segment.first, segment.last))
    assert lower is not None
    assert upper is not None
    return {"lower": lower, "upper": upper, "rows": segment.rows}


def _value(exact: Fraction, measure: MeasuredArgument) -> int | float | None:
    return int(exact) if measure.type is DataType.INTEGER else nearest_float(exact)


def merge_by_cell(
    plan: Plan, contract: Contract, outcomes: Mapping[str, CityOutcome], *, by_city: bool, partial: bool
) -> list[MergedCell]:
    """One table from the outcome of every addressed city, by city name.

    A value that lacks an addressed city is withheld with the reason, or, if `partial`, given over the others and
    marked.
    """
    cells_of = {o.city: _cells(o.table, plan.key_width) for o in outcomes.values() if isinstance(o, CityAnswer)}
    finish = _finisher(plan, contract, partial=partial, most_rows=MAX_ROWS // max(1, len(outcomes)))
    place = cell_order(plan, contract)
    cells: list[MergedCell] = []
    if by_city:
        for city, outcome in sorted(outcomes.items()):
            if isinstance(outcome, CityMissing):
                cells.append(finish(city, (None,) * plan.key_width, {city: outcome.reason}))
            else:
                own = cells_of[city]
                cells.extend(finish(city, keys, {city: own[keys]}) for keys in sorted(own, key=place))
    else:
        absent = _absence(plan, contract, outcomes)
        all_keys: set[Keys] = {keys for own in cells_of.values() for keys in own} if plan.keys else {()}
        if plan.totals and () in plan.groupings and not cells_of:
            all_keys = {(*(None for _ in plan.keys), plan.groupings.index(()))}
        for keys in sorted(all_keys, key=place):
            parts = {city: cells_of.get(city, {}).get(keys, absent[city]) for city in sorted(outcomes)}
            cells.append(finish(None, keys, parts))
    return cells


def _cells(table: object, width: int) -> dict[Keys, Moments]:
    return {row[:width]: row[width:] for row in rows_of(table)}  # type: ignore[misc]


def _absence(plan: Plan, contract: Contract, outcomes: Mapping[str, CityOutcome]) -> dict[str, Moments | str]:
    """What a cell that is absent from a city's answer stands for: the moments of no rows, or a reason."""
    zero = tuple(moment.nothing for moment in moments_of(plan, contract))
    per_city = any(contract.columns[name].per_city for key in plan.keys for name in columns_of(key))

    def absence(outcome: CityOutcome) -> Moments | str:
        if isinstance(outcome, CityMissing):
            return outcome.reason
        # At `controlled` every cell of the public domain is in the answer. What is not there lies in the domain that
        # another city's manifest declares for its own column, and was zero before anyone looked at a row.
        return zero if outcome.level is Level.OPEN or per_city else "not_in_domain"

    return {city: absence(outcome) for city, outcome in outcomes.items()}


def _finisher(
    plan: Plan, contract: Contract, *, partial: bool, most_rows: int
) -> Callable[[str | None, Keys, Mapping[str, Moments | str]], MergedCell]:
    moments = moments_of(plan, contract)
    needs = []
    for aggregate in plan.aggregates:
        own = moments_of_aggregate(aggregate, contract)
        needs.append((aggregate, own, [moments.index(moment) for moment in own]))
    counts = [index for index, moment in enumerate(moments) if moment.counts]

    def finish(city: str | None, keys: Keys, parts: Mapping[str, Moments | str]) -> MergedCell:
        held = {name: _plausible(part, counts, most_rows) for name, part in parts.items()}
        total = _total(moments, held.values())
        if total is not None:
            everyone = tuple(held)
            whole = (_whole(one, tuple(total[i] for i in need), everyone, contract) for one, _, need in needs)
            return MergedCell(city=city, keys=keys, values=tuple(whole))
        values = tuple(
            _finish(
                aggregate,
                own,
                {name: part if isinstance(part, str) else tuple(part[i] for i in need) for name, part in held.items()},
                contract,
                partial=partial,
            )
            for aggregate, own, need in needs
        )
        return MergedCell(city=city, keys=keys, values=values)

    return finish


def _total(moments: Sequence[Moment], parts: Collection[Moments | str]) -> Moments | None:
    """The cell over all cities, added up once for all aggregates; None where a city or a moment of one is missing."""
    known = [part for part in parts if not isinstance(part, str) and None not in part]
    return reduce(bound(merge_moments, moments), known) if known and len(known) == len(parts) else None


def _whole(aggregate: Aggregate, moments: Moments, cities: tuple[str, ...], contract: Contract) -> MergedValue:
    """A value that lacks nothing: what `_finish` makes of parts without a gap."""
    finished = finalise(aggregate, moments, contract)
    return MergedValue(
        value=finished.value,
        cities=cities,
        gaps={},
        marks=_repeats(aggregate, cities, contract),
        interval=finished.interval,
    )


def _finish(
    aggregate: Aggregate,
    moments: Sequence[Moment],
    parts: Mapping[str, Moments | str],
    contract: Contract,
    *,
    partial: bool,
) -> MergedValue:
    """One value from what each city gave for it: its `moments`, or why there are none."""
    inside = {city: part for city, part in parts.items() if not isinstance(part, str) and _can_do(part, moments)}
    gaps = {city: part if isinstance(part, str) else "suppressed" for city, part in parts.items() if city not in inside}
    finished = Finished(value=None)
    while inside and (partial or not gaps):
        finished = finalise(aggregate, reduce(bound(merge_moments, moments), inside.values()), contract)
        if not finished.hidden:
            break
        hiding = {city for city, part in inside.items() if None in part}
        gaps |= dict.fromkeys(hiding, "suppressed")
        inside = {city: part for city, part in inside.items() if city not in hiding}
    is_given = bool(inside) and (partial or not gaps)
    marks = _repeats(aggregate, inside, contract) if is_given else frozenset()
    if is_given and gaps:
        marks |= {Mark.PARTIAL}
    return MergedValue(value=finished.value, cities=tuple(inside), gaps=gaps, marks=marks, interval=finished.interval)


def _can_do(part: Moments, moments: Sequence[Moment]) -> bool:
    """Whether a city's moments suffice: a suppressed bin only widens an interval."""
    return all(value is not None or moment.kind is MomentKind.BIN for value, moment in zip(part, moments, strict=True))


def _repeats(aggregate: Aggregate, cities: Collection[str], contract: Contract) -> frozenset[Mark]:
    """The mark of a count in which a unit of several of the cities is counted once in each."""
    distinct = aggregate.function is AggregateFunction.COUNT_DISTINCT
    repeats = distinct and len(cities) > 1 and contract.unit_scope is not Scope.CITY
    return frozenset({Mark.NOT_DEDUPLICATED}) if repeats else frozenset()


def _plausible(part: Moments | str, counts: Sequence[int], most_rows: int) -> Moments | str:
    """The part, or a gap where it claims more than its city's share of MAX_ROWS: so one city spoils no other's sum."""
    if isinstance(part, str) or all((part[index] or 0) <= most_rows for index in counts):
        return part
    return "too_many_rows"
