"""The merge by label: cities that share their labels become one row for each cell, from one release of each city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.array_values import numbers_of
from hansa_core.partial.merge import CityAnswer, CityOutcome, merge, merge_nobody
from hansa_core.partial.merged_table import MergedTable
from hansa_core.plan.city_sets import CityMeasure, CitySet
from hansa_core.plan.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTable:
    """Merged cells of cities that share their labels, all of one grouping.

    `labels`: of each city key, None where it is rolled up. `grouping`: the number that the statement gives the
    grouping. `answered`: those of the `cities` that are in it.
    """

    merged: MergedTable
    labels: tuple[Value | None, ...]
    grouping: int
    cities: tuple[str, ...]
    answered: tuple[str, ...]


def merge_sets(
    plan: Plan,
    contract: Contract,
    outcomes: Mapping[str, CityOutcome],
    sets: Sequence[CitySet],
    *,
    partial: bool,
    measures: Sequence[CityMeasure] = (),
) -> list[LabelledTable]:
    """One table for each set with an addressed city and each of its groupings, in the statement's order.

    Of a set of which no city answered there is one row without keys, as of a missing city. Raises RefusedError as
    `merge`.
    """
    tables = []
    for one in sets:
        own = {city: outcomes[city] for city in one.cities if city in outcomes}
        if not own:
            continue
        answered = tuple(city for city, outcome in sorted(own.items()) if isinstance(outcome, CityAnswer))
        share = len(outcomes)
        if answered:
            merged = merge(plan, contract, own, by_city=False, partial=partial, measures=measures, share=share)
        else:
            merged = merge_nobody(plan, contract, own, measures=measures)
        tables += [
            LabelledTable(
                merged=_of_grouping(merged, plan, place) if answered else merged,
                labels=one.labels,
                grouping=number,
                cities=tuple(sorted(own)),
                answered=answered,
            )
            for place, number in one.groupings
        ]
    return sorted(tables, key=lambda table: table.grouping)


def _of_grouping(merged: MergedTable, plan: Plan, place: int) -> MergedTable:
    """The cells of one grouping of the plan."""
    if not plan.totals:
        return merged
    numbers = numbers_of(merged.keys[-1])
    return merged.take(np.flatnonzero(numbers == place))
