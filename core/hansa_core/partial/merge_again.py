"""Merges, remembered by what they are of: cities that give the same releases again make the same table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from hansa_core.contract.contract import Contract
from hansa_core.partial.merge import CityAnswer, CityOutcome, merge
from hansa_core.partial.merged_table import MergedTable
from hansa_core.plan.city_sets import CityMeasure
from hansa_core.plan.plan import Plan
from hansa_core.plan.remembered import Kept, Same

_REMEMBERED = 32
_MOST_BYTES = 64 * 1024  # of the tables behind one: all together stay below some megabytes


class Merges:
    """Merges partials. What comes of it follows from the tables, the plan and how it is asked. Any thread may ask."""

    def __init__(self) -> None:
        self._kept: Kept[MergedTable] = Kept(_REMEMBERED)

    def merge(
        self,
        plan: Plan,
        contract: Contract,
        outcomes: Mapping[str, CityOutcome],
        *,
        by_city: bool,
        partial: bool,
        measures: Sequence[CityMeasure] = (),
    ) -> MergedTable:
        """What `merge` gives. Raises RefusedError as it does."""
        told = tuple((city, _told(outcome)) for city, outcome in sorted(outcomes.items()))
        key = (Same(plan), Same(contract), by_city, partial, tuple(measures), told)
        merged = self._kept.get(key)
        if merged is None:
            merged = merge(plan, contract, outcomes, by_city=by_city, partial=partial, measures=measures)
            if _bytes_of(outcomes) <= _MOST_BYTES:
                self._kept.keep(key, merged)
        return merged


def _told(outcome: CityOutcome) -> Hashable:
    if isinstance(outcome, CityAnswer):
        return outcome.city, outcome.level, Same(outcome.table)
    return outcome.city, outcome.reason


def _bytes_of(outcomes: Mapping[str, CityOutcome]) -> int:
    return sum(outcome.table.nbytes for outcome in outcomes.values() if isinstance(outcome, CityAnswer))
