"""How do the cities' partials become one table, and what does a gap do to it?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial as bound
from functools import reduce

import pyarrow as pa

from hansa_core.contract.column_names import CITY_COLUMN, aggregate_column
from hansa_core.contract.contract import Contract, Scope
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.partial.domain_order import cell_order
from hansa_core.partial.finalise import Finished, aggregate_type, finalise
from hansa_core.partial.merged_table import Mark, MergedCell, MergedTable, MergedValue
from hansa_core.partial.partial import partial_from_rows, partial_schema, rows_of
from hansa_core.plan.expression import columns_of
from hansa_core.plan.moments import MAX_ROWS, Moment, MomentKind, merge_moments, moments_of, moments_of_aggregate
from hansa_core.plan.plan import Aggregate, AggregateFunction, Level, Plan

Keys = tuple[Value | None, ...]
Moments = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityAnswer:
    """What a city answered: a table in `partial_schema`, checked by `read_partial`."""

    city: str
    level: Level
    table: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMissing:
    """Why an addressed city gave nothing: a refusal code, `timed_out`, `unreachable` or `failed`."""

    city: str
    reason: str


CityOutcome = CityAnswer | CityMissing


def add_partials(plan: Plan, contract: Contract, tables: Iterable[pa.Table]) -> pa.Table:
    """Add partials of open data cell by cell: associative and commutative to the bit, an absent cell being zero.

    A suppressed moment suppresses the sum. Without tables: the partial of no rows.
    """
    width = plan.key_width
    order = moments_of(plan, contract)
    nothing = tuple(moment.nothing for moment in order)
    # Over no rows too, a grouping without keys has one cell.
    empty = [number for number, kept in enumerate(plan.groupings) if not kept]
    sums: dict[Keys, Moments] = {
        (*(None for _ in plan.keys), *([number] if plan.totals else [])): nothing for number in empty
    }
    for table in tables:
        for keys, moments in _cells(table, width).items():
            sums[keys] = merge_moments(order, sums[keys], moments) if keys in sums else moments
    return partial_from_rows(plan, contract, ((*keys, *moments) for keys, moments in sums.items()))


def merge(
    plan: Plan, contract: Contract, outcomes: Mapping[str, CityOutcome], *, by_city: bool, partial: bool
) -> MergedTable:
    """One table from the outcome of every addressed city, by city name.

    A value that lacks an addressed city is withheld with the reason, or, if `partial`, given over the others and
    marked. Raises RefusedError `mixed_levels` if cities at different levels would be summed.
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
        _refuse_mixed_levels(outcomes.values())
        absent = _absence(plan, contract, outcomes)
        all_keys = {keys for own in cells_of.values() for keys in own} if plan.keys else {()}
        for keys in sorted(all_keys, key=place):
            parts = {city: cells_of.get(city, {}).get(keys, absent[city]) for city in sorted(outcomes)}
            cells.append(finish(None, keys, parts))
    return MergedTable(schema=_merged_schema(plan, contract, by_city=by_city), cells=tuple(cells))


def _cells(table: pa.Table, width: int) -> dict[Keys, Moments]:
    return {row[:width]: row[width:] for row in rows_of(table)}  # type: ignore[misc]


def _refuse_mixed_levels(outcomes: Iterable[CityOutcome]) -> None:
    levels: dict[Level, list[str]] = {}
    for outcome in outcomes:
        if isinstance(outcome, CityAnswer):
            levels.setdefault(outcome.level, []).append(outcome.city)
    if len(levels) > 1:
        told = "; ".join(f"{level}: {', '.join(sorted(levels[level]))}" for level in sorted(levels))
        raise RefusedError(
            code="mixed_levels",
            rule=f"cities at different levels ({told}) are never summed",
            remedy="GROUP BY city, or address the cities of one level",
            field="keys",
        )


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


def _merged_schema(plan: Plan, contract: Contract, *, by_city: bool) -> pa.Schema:
    keys = list(partial_schema(plan, contract))[: plan.key_width]
    values = [
        pa.field(aggregate_column(i), aggregate_type(aggregate, contract))
        for i, aggregate in enumerate(plan.aggregates)
    ]
    return pa.schema([*([pa.field(CITY_COLUMN, pa.string())] if by_city else []), *keys, *values])
