"""Contributions: who stands behind each combination of leaves, for as long as a publication is being protected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hansa_core.protection.concentration import MAX_LARGEST, Concentration
from hansa_core.protection.facts import CellFacts, MeasureFacts
from hansa_core.protection.threshold import Contributors
from hansa_core.suppression.atoms import AtomSystem, Wholes

Records = npt.NDArray[np.intp]

Selection = Mapping[str, frozenset[int]]
"""A set of rows: the leaves in which each of some columns lies."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasureContributions:
    """Per record, of a measure in whole quanta: its values that are not NULL and not 0, their sum, and that of |x|."""

    count: Wholes
    nonzero: Wholes
    total: Wholes
    absolute: Wholes
    bounds: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """One record for each unit, entity and combination of leaves: how many rows, and what they add to each measure.

    `units`, `entities`: numbers from 0. Scratch: it holds microdata, and is dropped when the publication is protected.
    """

    leaves: Mapping[str, Wholes]
    units: Wholes
    entities: Wholes
    rows: Wholes
    measures: Mapping[str, MeasureContributions]
    _combinations: Mapping[str, Wholes] = field(init=False, repr=False)
    _by_combination: _Grouped = field(init=False, repr=False)
    _by_entity: _Grouped = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = np.asarray([*self.leaves.values(), np.zeros(len(self.rows), dtype=np.int64)])
        combinations, numbers = np.unique(columns, axis=1, return_inverse=True)
        pairs = zip(self.leaves, combinations, strict=False)
        object.__setattr__(self, "_combinations", dict(pairs))
        object.__setattr__(self, "_by_combination", _Grouped(numbers.reshape(-1)))
        object.__setattr__(self, "_by_entity", _Grouped(self.entities))

    def records(self, selection: Selection) -> Records:
        """The records of a cell, by their places."""
        inside = np.ones(self._by_combination.count, dtype=bool)
        for column, wanted in selection.items():
            leaves = self._combinations[column]
            is_wanted = np.zeros(max(int(leaves.max(initial=0)), *wanted, 0) + 1, dtype=bool)
            is_wanted[list(wanted)] = True
            inside &= is_wanted[leaves]
        return self._by_combination.members(np.flatnonzero(inside))

    def facts_of(self, inside: Records, measures: Sequence[str]) -> CellFacts:
        """The facts of a union of cells, by its records."""
        entities = self.entities[inside]
        return CellFacts(
            contributors=self._contributors(inside),
            rows=int(self.rows[inside].sum()),
            spread=_spread(entities, self.rows[inside]),
            measures=tuple(self._measure_facts(self.measures[name], inside) for name in measures),
        )

    def data_set(self, system: AtomSystem) -> Wholes:
        """All rows, as the variables of the audit."""
        return self._data_set(system, np.arange(len(self.rows)))

    def largest(self, selection: Selection) -> tuple[int, ...]:
        """The two entities with most of the rows of a cell, by number; fewer where there are fewer."""
        inside = self.records(selection)
        entities, places = np.unique(self.entities[inside], return_inverse=True)
        sums = np.bincount(places, weights=self.rows[inside], minlength=len(entities))
        return tuple(int(entities[place]) for place in np.lexsort((entities, -sums))[:2])

    def rows_of(self, entity: int, system: AtomSystem) -> Wholes:
        """All rows of an entity, as the variables of the audit."""
        return self._data_set(system, self._by_entity.members(np.asarray([entity])))

    def _data_set(self, system: AtomSystem, records: Records) -> Wholes:
        return system.data_set(
            {column: leaves[records] for column, leaves in self.leaves.items()},
            self.rows[records],
            {name: measure.total[records] for name, measure in self.measures.items()},
        )

    def _contributors(self, records: Records) -> Contributors:
        return Contributors(units=len(np.unique(self.units[records])), entities=len(np.unique(self.entities[records])))

    def _measure_facts(self, measure: MeasureContributions, inside: Records) -> MeasureFacts:
        entities, count, total = self.entities[inside], measure.count[inside], measure.total[inside]
        lower, upper = measure.bounds
        return MeasureFacts(
            contributors=self._contributors(inside[measure.nonzero[inside] > 0]),
            count=int(count.sum()),
            total=int(total.sum()),
            spread_of_count=_spread(entities, count),
            spreads=(
                _spread(entities, measure.absolute[inside]),
                _spread(entities, total - lower * count),
                _spread(entities, upper * count - total),
            ),
        )


class _Grouped:
    """Records by a number that each has."""

    def __init__(self, numbers: Wholes) -> None:
        self.count = int(numbers.max(initial=-1)) + 1
        self._order = np.argsort(numbers, kind="stable")
        self._starts = np.searchsorted(numbers[self._order], np.arange(self.count + 1))

    def members(self, numbers: Wholes) -> Records:
        """The records with one of these numbers, by their places."""
        parts = [self._order[self._starts[number] : self._starts[number + 1]] for number in numbers.tolist()]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.intp), *parts]))


def _spread(entities: Wholes, parts: Wholes) -> Concentration:
    numbers, places = np.unique(entities, return_inverse=True)
    sums = np.zeros(len(numbers), dtype=np.int64)
    np.add.at(sums, places, parts)
    largest = sorted((int(part) for part in sums if part > 0), reverse=True)[:MAX_LARGEST]
    return Concentration(total=int(sums.sum()), largest=tuple(largest))
