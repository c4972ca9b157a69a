"""Released cells: what all questions of a statement gave, as tables for the outer SELECT and as one list of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.column_names import (
    CITY_COLUMN,
    GROUPING_COLUMN,
    aggregate_column,
    aggregate_index,
    is_aggregate_column,
    key_column,
    key_index,
)
from hansa_core.contract.contract import Contract
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.merge import CityMissing, CityOutcome
from hansa_core.partial.merge_again import Merges
from hansa_core.partial.merge_sets import LabelledTable, merge_sets
from hansa_core.partial.merged_table import Mark, MergedTable
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.partial.wholes import Mask

if TYPE_CHECKING:
    from hansa_core.sql.statement import CityQuestion, Labels


_merges = Merges()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCities:
    """The cities that stand under one label, and those of them that answered. `label`: by what the analyst wrote."""

    label: Mapping[str, object]
    cities: tuple[str, ...]
    answered: tuple[str, ...]

    @property
    def words(self) -> str:
        """Who answered and who did not, as a reader is told it."""
        return who_answered(self.cities, self.answered)


def who_answered(cities: Sequence[str], answered: Sequence[str]) -> str:
    """Those of the cities that answered, and without whom."""
    missing = [city for city in cities if city not in answered]
    names = ", ".join(city for city in cities if city in answered) or "no city that answered"
    return f"{names} without {', '.join(missing)}" if missing else names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Cells that one merge gave: the numbers of its first row and aggregate. `is_nobody`: no city answered."""

    merged: MergedTable
    row: int
    aggregate: int
    is_nobody: bool = False


@dataclass
class StatementCells:
    """The cells of all questions, numbered from 0 over their rows, and over their aggregates.

    `tables`: of each question, in the columns that the outer SELECT names. `labelled`: the cities under each label.
    `absent`: of each key whose values are those of several cities together, the cities of which no cell came.
    """

    tables: list[pa.Table] = field(default_factory=list)
    labelled: list[LabelledCities] = field(default_factory=list)
    absent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _runs: list[_Run] = field(default_factory=list)
    _keys: int = 0
    _aggregates: int = 0
    _first_rows: list[int] = field(default_factory=list)

    def add(
        self, question: CityQuestion, contract: Contract, outcomes: Mapping[str, CityOutcome], *, partial: bool
    ) -> None:
        """Merge what the cities gave to the next question. Raises RefusedError `mixed_levels`."""
        first_row = self.num_rows
        if question.labels is None:
            merged = _merges.merge(
                question.plan,
                contract,
                outcomes,
                by_city=question.by_city,
                partial=partial,
                measures=question.over_some,
            )
            self.add_merged(merged)
        else:
            sets = merge_sets(
                question.plan,
                contract,
                outcomes,
                question.labels.sets,
                partial=partial,
                measures=question.over_some,
            )
            self._add_labelled(sets, question.labels)
        assert self.tables[-1].num_rows == self.num_rows - first_row, "a row of a table is a cell"
        if not question.by_city:
            gone = tuple(sorted(city for city, said in outcomes.items() if isinstance(said, CityMissing)))
            self.absent |= {key_column(self._keys + at): gone for at in range(len(question.plan.keys)) if gone}
        self._keys += len(question.plan.keys)
        self._aggregates += question.measures

    def add_merged(self, merged: MergedTable) -> None:
        """Take the cells of one merge as those of the next question."""
        self._run(merged, is_nobody=False)
        self.tables.append(self._named(merged.to_arrow()))

    @property
    def merged(self) -> tuple[MergedTable, ...]:
        """What each merge gave: one of a question, but for those with labels."""
        return tuple(run.merged for run in self._runs)

    @property
    def num_rows(self) -> int:
        """The number of cells."""
        return self._runs[-1].row + self._runs[-1].merged.num_rows if self._runs else 0

    @cached_property
    def is_missing_city(self) -> Mask:
        """Which rows only say that a city, or all that stand under a label, gave nothing."""
        masks = [
            np.ones(run.merged.num_rows, dtype=bool) if run.is_nobody else run.merged.is_missing_city
            for run in self._runs
        ]
        return np.concatenate(masks) if masks else np.zeros(0, dtype=bool)

    @property
    def notes(self) -> frozenset[Mark]:
        """The marks of all values together."""
        return frozenset().union(*(run.merged.notes for run in self._runs))

    def gaps(self, row: int, aggregate: int) -> Mapping[str, str]:
        """The cities that are not in the value, each with its reason; none for an aggregate of another question."""
        run, place = self._run_of(row), self._place(row, aggregate)
        return {} if place is None else run.merged.gaps(row - run.row, place)

    def row_gaps(self, row: int) -> Mapping[str, str]:
        """The cities that are not in the first value of a row, each with its reason."""
        run = self._run_of(row)
        return run.merged.gaps(row - run.row, 0)

    def reason(self, row: int, aggregate: int) -> str | None:
        """Why the value is withheld; None if it is not, or is of another question."""
        run, place = self._run_of(row), self._place(row, aggregate)
        return None if place is None else run.merged.reason(row - run.row, place)

    def interval(self, row: int, aggregate: int) -> tuple[float, float] | None:
        """Of a quantile, the closed interval that holds the true one."""
        run, place = self._run_of(row), self._place(row, aggregate)
        return None if place is None else run.merged.interval(row - run.row, place)

    def gap_patterns(self) -> npt.NDArray[np.int64]:
        """A number for each row: equal where rows mark whatever is computed from them alike; -1: nothing is missing."""
        patterns, used = [], 0
        for run in self._runs:
            own = run.merged.gap_patterns()
            patterns.append(np.where(own < 0, -1, own + used))
            used += int(own.max(initial=-1)) + 1
        return np.concatenate(patterns) if patterns else np.zeros(0, dtype=np.int64)

    def _run(self, merged: MergedTable, *, is_nobody: bool) -> None:
        run = _Run(merged=merged, row=self.num_rows, aggregate=self._aggregates, is_nobody=is_nobody)
        self._runs.append(run)
        self._first_rows.append(run.row)

    def _run_of(self, row: int) -> _Run:
        return self._runs[int(np.searchsorted(self._first_rows, row, side="right")) - 1]

    def _place(self, row: int, aggregate: int) -> int | None:
        run = self._run_of(row)
        place = aggregate - run.aggregate
        return place if 0 <= place < len(run.merged.columns) else None

    def _named(self, table: pa.Table) -> pa.Table:
        """Under the names that the columns have among those of all questions."""
        return table.rename_columns([self._name(name) for name in table.column_names])

    def _name(self, name: str) -> str:
        if name in (CITY_COLUMN, GROUPING_COLUMN):
            return name
        if is_aggregate_column(name):
            return aggregate_column(self._aggregates + aggregate_index(name))
        return key_column(self._keys + key_index(name))

    def _add_labelled(self, sets: Sequence[LabelledTable], labels: Labels) -> None:
        for one in sets:
            self._run(one.merged, is_nobody=not one.answered)
        kinds = [ARROW_TYPES[kind] for kind in labels.types]
        named = [self._named(_without_grouping(one.merged.to_arrow())) for one in sets]
        sizes = [one.merged.num_rows for one in sets]
        whole = pa.concat_tables(named)
        for place in reversed(range(len(kinds))):
            values = [one.labels[place] for one, size in zip(sets, sizes, strict=True) for _ in range(size)]
            whole = whole.add_column(0, labels.columns[place], array_of(values, kinds[place]))
        numbers = [one.grouping for one, size in zip(sets, sizes, strict=True) for _ in range(size)]
        self.tables.append(whole.append_column(GROUPING_COLUMN, array_of(numbers, pa.int64())))
        told = {(one.labels, one.cities): one for one in sets}
        self.labelled += [
            LabelledCities(
                label=dict(zip(labels.words, one.labels, strict=True)), cities=one.cities, answered=one.answered
            )
            for one in told.values()
        ]


def _without_grouping(table: pa.Table) -> pa.Table:
    return table.drop_columns([GROUPING_COLUMN]) if GROUPING_COLUMN in table.column_names else table
