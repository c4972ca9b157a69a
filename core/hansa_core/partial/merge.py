"""The merge: the cities' partials become one table, and a gap stays a gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.column_names import CITY_COLUMN, aggregate_column
from hansa_core.contract.contract import Contract, Scope
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.finalise import aggregate_type, finalise
from hansa_core.partial.key_codes import cell_codes, key_codes
from hansa_core.partial.merged_table import GapCodes, MergedColumn, MergedTable
from hansa_core.partial.moment_columns import MomentColumn, add_moments
from hansa_core.partial.partial import columns_of_partial, partial_schema
from hansa_core.partial.wholes import Mask, all_of, any_of, filled
from hansa_core.plan.city_sets import CityMeasure
from hansa_core.plan.expression import columns_of
from hansa_core.plan.moments import MAX_ROWS, Moment, MomentKind, moments_of, moments_of_aggregate
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one city, or each row's own city, gives to each merged cell.

    `moments`: those of no rows where it gave none. `gaps`: the reason's code where it is in no value of the cell.
    """

    moments: Mapping[Moment, MomentColumn]
    gaps: GapCodes


def merge(
    plan: Plan,
    contract: Contract,
    outcomes: Mapping[str, CityOutcome],
    *,
    by_city: bool,
    partial: bool,
    measures: Sequence[CityMeasure] = (),
    share: int | None = None,
) -> MergedTable:
    """One table from the outcome of every addressed city, by city name.

    A value that lacks an addressed city is withheld with the reason, or, if `partial`, given over the others and
    marked. `measures`: further aggregates, each over some of the cities. `share`: among how many cities the rows that
    one value may count are shared; None: among these.

    Raises RefusedError `mixed_levels` if cities at different levels would be summed.
    """
    if not by_city:
        _refuse_mixed_levels(outcomes.values())
    whole = _Merge(plan, contract, outcomes, partial=partial, measures=measures, share=share or len(outcomes))
    return whole.table(by_city=by_city)


def merge_nobody(
    plan: Plan, contract: Contract, outcomes: Mapping[str, CityOutcome], *, measures: Sequence[CityMeasure] = ()
) -> MergedTable:
    """One row without keys for cities of which none answered: no value is in it, and each city's reason is."""
    whole = _Merge(plan, contract, outcomes, partial=False, measures=measures, share=len(outcomes))
    return whole.nobody()


class _Merge:
    """One merge: the cities' columns, aligned to the merged cells, and the reasons of all gaps."""

    def __init__(
        self,
        plan: Plan,
        contract: Contract,
        outcomes: Mapping[str, CityOutcome],
        *,
        partial: bool,
        measures: Sequence[CityMeasure],
        share: int,
    ) -> None:
        self._plan, self._contract, self._partial, self._measures = plan, contract, partial, measures
        self._outcomes = dict(sorted(outcomes.items()))
        self._most_rows = MAX_ROWS // max(1, share)
        self._moments = moments_of(plan, contract)
        self._columns = {
            city: columns_of_partial(outcome.table, plan, self._moments)
            for city, outcome in self._outcomes.items()
            if isinstance(outcome, CityAnswer)
        }
        self._reasons: dict[str, int] = {}

    def table(self, *, by_city: bool) -> MergedTable:
        keys, city, parts = self._apart() if by_city else self._pooled()
        return self._table(keys, city, parts)

    def nobody(self) -> MergedTable:
        """One row, without keys, that says of each city why it gave nothing."""
        keys, _ = self._nothing(1)
        return self._table(keys, None, [self._part(city, None, 1) for city in self._outcomes])

    def _table(self, keys: tuple[pa.Array, ...], city: npt.NDArray[np.int64] | None, parts: list[_Part]) -> MergedTable:
        columns = [self._column(aggregate, parts) for aggregate in self._plan.aggregates]
        columns += [self._over_some(measure, parts, city) for measure in self._measures]
        return MergedTable(
            schema=self._schema(by_city=city is not None),
            addressed=tuple(self._outcomes),
            city=city,
            keys=keys,
            columns=tuple(columns),
            reasons=tuple(self._reasons),
        )

    def _over_some(self, measure: CityMeasure, parts: list[_Part], city: npt.NDArray[np.int64] | None) -> MergedColumn:
        """An aggregate over some cities: the others are not in it, and it lacks none of them."""
        aggregate = self._plan.aggregates[measure.aggregate]
        inside = np.array([name in measure.cities for name in self._outcomes], dtype=bool)
        if city is not None:
            return self._column(aggregate, [self._without(parts[0], ~inside[city])])
        own = [part for part, is_inside in zip(parts, inside, strict=True) if is_inside]
        column = self._column(aggregate, own or [self._empty(parts[0])])
        gaps = np.zeros((len(column.given), len(parts)), dtype=np.uint16)
        if own:
            gaps[:, inside] = column.gaps
        return replace(column, gaps=gaps)

    def _without(self, whole: _Part, others: Mask) -> _Part:
        """The part where the rows of the other cities are over nothing, and lack nothing."""
        nothing = self._empty(whole).moments
        moments = {
            moment: MomentColumn(
                filled(column.values, others, moment.nothing), np.where(others, nothing[moment].known, column.known)
            )
            for moment, column in whole.moments.items()
        }
        return _Part(moments=moments, gaps=np.where(others, 0, whole.gaps).astype(np.uint16))

    def _empty(self, part: _Part) -> _Part:
        return _Part(moments=self._no_rows(len(part.gaps)), gaps=np.zeros(len(part.gaps), dtype=np.uint16))

    def _apart(self) -> tuple[tuple[pa.Array, ...], npt.NDArray[np.int64], list[_Part]]:
        """Each city's cells below one another, and one row without keys for a city that gave nothing."""
        pieces = [self._columns.get(city) or self._nothing(1) for city in self._outcomes]
        sizes = [1 if city not in self._columns else self._size(city) for city in self._outcomes]
        keys = tuple(pa.concat_arrays(columns) for columns in zip(*(keys for keys, _ in pieces), strict=True))
        moments = {
            moment: MomentColumn(
                np.concatenate([columns[moment].values for _, columns in pieces]),
                np.concatenate([columns[moment].known for _, columns in pieces]),
            )
            for moment in self._moments
        }
        missing = [self._code(one.reason) if isinstance(one, CityMissing) else 0 for one in self._outcomes.values()]
        gaps = np.repeat(np.array(missing, dtype=np.uint16), sizes)
        city = np.repeat(np.arange(len(sizes)), sizes)
        return keys, city, [self._plausible(_Part(moments=moments, gaps=gaps))]

    def _pooled(self) -> tuple[tuple[pa.Array, ...], None, list[_Part]]:
        """The cells of all cities, each once, and what every city gives to each."""
        answered = list(self._columns)
        everyone = [self._columns[city][0] for city in answered] or [self._grand_total()]
        keys = tuple(pa.concat_arrays(columns) for columns in zip(*everyone, strict=True))
        total = len(keys[0]) if keys else max(1, len(answered))
        codes = cell_codes(key_codes(keys, self._plan, self._contract), total)
        _, first, place = np.unique(codes, return_index=True, return_inverse=True)
        places = np.split(place.reshape(-1), np.cumsum([self._size(city) for city in answered])[:-1])
        at = dict(zip(answered, places, strict=False))
        parts = [self._part(city, at.get(city), len(first)) for city in self._outcomes]
        return tuple(column.take(array_of(first.tolist(), pa.int64())) for column in keys), None, parts

    def _size(self, city: str) -> int:
        return len(next(iter(self._columns[city][1].values())))

    def _nothing(self, cells: int) -> tuple[tuple[pa.Array, ...], dict[Moment, MomentColumn]]:
        """Cells without keys, over no rows."""
        kinds = partial_schema(self._plan, self._contract).types[: self._plan.key_width]
        return tuple(array_of([None] * cells, kind) for kind in kinds), self._no_rows(cells)

    def _grand_total(self) -> tuple[pa.Array, ...]:
        """The keys of the one cell that is there whatever the rows are; none where nothing asks for it."""
        if () not in self._plan.groupings:
            return self._nothing(0)[0]
        keys, _ = self._nothing(1)
        number = self._plan.groupings.index(())
        return (*keys[:-1], array_of([number], keys[-1].type)) if self._plan.totals else keys

    def _no_rows(self, cells: int) -> dict[Moment, MomentColumn]:
        known = np.ones(cells, dtype=bool)
        return {moment: MomentColumn(np.full(cells, moment.nothing), known) for moment in self._moments}

    def _part(self, city: str, at: npt.NDArray[np.int64] | None, cells: int) -> _Part:
        """What the city gives to the merged cells; `at`: where its own cells stand among them."""
        outcome = self._outcomes[city]
        moments = self._no_rows(cells)
        if isinstance(outcome, CityMissing) or at is None:
            reason = outcome.reason if isinstance(outcome, CityMissing) else "not_in_domain"
            return _Part(moments=moments, gaps=np.full(cells, self._code(reason), dtype=np.uint16))
        absent = 0 if self._absent_is_zero(outcome) else self._code("not_in_domain")
        gaps = np.full(cells, absent, dtype=np.uint16)
        gaps[at] = 0
        own = self._columns[city][1]
        return self._plausible(
            _Part(moments={moment: _placed(own[moment], at, empty) for moment, empty in moments.items()}, gaps=gaps)
        )

    def _absent_is_zero(self, outcome: CityAnswer) -> bool:
        """Whether a cell that the city does not list is over no rows there.

        At `controlled` every cell of the public domain is in the answer. What is not there lies in the domain that
        another city's manifest declares for its own column, and was zero before anyone looked at a row.
        """
        names = {name for key in self._plan.keys for name in columns_of(key)}
        return outcome.level is Level.OPEN or any(self._contract.columns[name].per_city for name in names)

    def _plausible(self, part: _Part) -> _Part:
        """The part, with a gap where it claims more than its share of MAX_ROWS: so no city spoils another's sum."""
        counts = [column.values for moment, column in part.moments.items() if moment.counts]
        too_many = any_of([values > self._most_rows for values in counts]) & (part.gaps == 0)
        if not too_many.any():
            return part
        return replace(part, gaps=np.where(too_many, self._code("too_many_rows"), part.gaps).astype(np.uint16))

    def _column(self, aggregate: Aggregate, parts: Sequence[_Part]) -> MergedColumn:
        moments = moments_of_aggregate(aggregate, self._contract)
        gaps = np.stack([self._gaps(part, moments) for part in parts], axis=1)
        given = self._given(gaps)
        finished = finalise(aggregate, _sum(moments, parts, gaps), given, self._contract)
        if finished.hidden.any():
            # Who suppressed a bin has hidden the value: it is one over the others, if that was asked for.
            hiding = (
                np.stack([_lacks(part, moments) for part in parts], axis=1) & finished.hidden[:, None] & (gaps == 0)
            )
            gaps = np.where(hiding, self._code("suppressed"), gaps).astype(np.uint16)
            given = self._given(gaps)
            finished = finalise(aggregate, _sum(moments, parts, gaps), given, self._contract)
        return MergedColumn(
            values=finished.values,
            given=given,
            gaps=gaps,
            repeats=given & self._repeats(aggregate, gaps),
            interval=finished.interval,
        )

    def _gaps(self, part: _Part, moments: Sequence[Moment]) -> GapCodes:
        """The part's gaps and the aggregate's: a suppressed moment is one; a suppressed bin only widens an interval."""
        needed = [part.moments[moment].known for moment in moments if moment.kind is not MomentKind.BIN]
        suppressed = ~np.logical_and.reduce(needed) & (part.gaps == 0)
        if not suppressed.any():
            return part.gaps
        return np.where(suppressed, self._code("suppressed"), part.gaps).astype(np.uint16)

    def _given(self, gaps: GapCodes) -> Mask:
        inside = gaps == 0
        return any_of(list(inside.T)) if self._partial else all_of(list(inside.T))

    def _repeats(self, aggregate: Aggregate, gaps: GapCodes) -> Mask:
        """In which cells a unit of several of the cities is counted once in each."""
        distinct = aggregate.function is AggregateFunction.COUNT_DISTINCT
        if not distinct or self._contract.unit_scope is Scope.CITY:
            return np.zeros(len(gaps), dtype=bool)
        repeats: Mask = np.count_nonzero(gaps == 0, axis=1) > 1
        return repeats

    def _code(self, reason: str) -> int:
        return self._reasons.setdefault(reason, len(self._reasons) + 1)

    @property
    def _all_aggregates(self) -> list[Aggregate]:
        return [*self._plan.aggregates, *(self._plan.aggregates[one.aggregate] for one in self._measures)]

    def _schema(self, *, by_city: bool) -> pa.Schema:
        keys = list(partial_schema(self._plan, self._contract))[: self._plan.key_width]
        values = [
            pa.field(aggregate_column(place), aggregate_type(aggregate, self._contract))
            for place, aggregate in enumerate(self._all_aggregates)
        ]
        return pa.schema([*([pa.field(CITY_COLUMN, pa.string())] if by_city else []), *keys, *values])


def _placed(own: MomentColumn, at: npt.NDArray[np.int64], empty: MomentColumn) -> MomentColumn:
    values, known = empty.values.astype(np.result_type(empty.values, own.values)), empty.known.copy()
    values[at], known[at] = own.values, own.known
    return MomentColumn(values, known)


def _lacks(part: _Part, moments: Sequence[Moment]) -> Mask:
    known = all_of([part.moments[moment].known for moment in moments])
    return ~known


def _sum(moments: Sequence[Moment], parts: Sequence[_Part], gaps: GapCodes) -> dict[Moment, MomentColumn]:
    """The moments over the cities that are in each value."""
    return {moment: _sum_of(moment, parts, gaps) for moment in moments}


def _sum_of(moment: Moment, parts: Sequence[_Part], gaps: GapCodes) -> MomentColumn:
    total: MomentColumn | None = None
    for slot, part in enumerate(parts):
        own, missing = part.moments[moment], gaps[:, slot] != 0
        if missing.any():
            own = MomentColumn(filled(own.values, missing, moment.nothing), own.known | missing)
        total = own if total is None else add_moments(moment, total, own)
    assert total is not None
    return total


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
