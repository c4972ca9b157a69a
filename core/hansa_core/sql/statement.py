"""A statement that was split: a plan for the cities and a SELECT over the released table."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.contract.types import DataType
from hansa_core.plan.city_sets import CityMeasure, CitySet
from hansa_core.plan.expression import Literal
from hansa_core.plan.plan import Plan

RELEASED = "released"
"""The name of the table that the outer SELECT reads: one row per merged cell."""

MAX_QUESTIONS = 8
"""How many questions one statement may ask the cities: each is charged by itself."""


def released_table(question: int) -> str:
    """The name of the table that a question of the statement releases, the first one without a number."""
    return f"{RELEASED}{question}" if question else RELEASED


def is_released(table: str) -> bool:
    """Whether a table of the outer SELECT is one that a question releases."""
    return table.startswith(RELEASED) and (table == RELEASED or table[len(RELEASED) :].isdigit())


ROW_COLUMN = "__row"
"""The released column with the number of the merged row, from 0."""

GAPS_COLUMN = "__gaps"
"""The released column whose bits say which gaps the row has; what a bit means is the client's to number."""

PARTIAL_COLUMN = "__partial"
"""The released column that says, in each row, whether the question asked for values over some cities only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterColumn:
    """One column that the analyst sees.

    `depends_on`: the released columns that it is computed from, sorted. `passes_through`: it is exactly one of them,
    unchanged, so that marks of suppression stay visible as NULL; `rounds`: it is one, but rounded or cast. `row`: the
    hidden column with the number of the one released row behind each value, NULL where there is none; None if there may
    be several. `gaps`: the hidden column with the gaps of all rows behind it; None where `row` tells them, or there are
    none to tell.
    """

    name: str
    depends_on: tuple[str, ...]
    passes_through: bool
    rounds: bool = False
    row: str | None = ROW_COLUMN
    gaps: str | None = None

    def __post_init__(self) -> None:
        if self.passes_through and len(self.depends_on) != 1:
            raise ValueError(f"column {self.name}: what passes through depends on exactly one released column")

    @property
    def shows_one_value(self) -> bool:
        """Whether each value is that of one released cell, rounded or cast at most."""
        return (self.passes_through or self.rounds) and self.row is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A clause that decides which rows there are, as SQL, and the released columns that it decides by, sorted."""

    clause: str
    depends_on: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortColumn:
    """A released column to sort by, NULLs last."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSelect:
    """The released columns that a SELECT picks, unchanged, and by which it sorts; it drops no row."""

    columns: tuple[str, ...]
    sorting: tuple[SortColumn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedValues:
    """A statistic over the values of a key, which `sql` computes from cells. `column`: its name in the released table.

    `rows`: the released column by which a value is there or not. `text`: its SQL, as in the question. `is_count`: it
    is a number of values, which cells that are missing can only raise.
    """

    column: str
    rows: str
    text: str
    is_count: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterSelect:
    """The SELECT that shapes the released tables at the analyst's side.

    `sql`: DuckDB SQL over them and own tables; its columns are `columns` and then the hidden ones that they name.
    `key_columns`, `aggregate_columns`: the released columns of all questions, one behind the other, in the order of the
    keys and the measures of each.
    `selections`: what drops, joins or unites rows. `tables`: the own tables that it reads, in lower case. `plain`: the
    same as `sql`, where that only picks and sorts; None: it does more. `counted`: what it computes over values of keys.
    """

    sql: str
    columns: tuple[OuterColumn, ...]
    key_columns: tuple[str, ...]
    aggregate_columns: tuple[str, ...]
    selections: tuple[Selection, ...] = ()
    tables: tuple[str, ...] = ()
    plain: PlainSelect | None = None
    counted: tuple[CountedValues, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name.lower() for column in self.columns]
        if len(set(names)) != len(names) or ROW_COLUMN in names:
            raise ValueError(f"outer columns must have names of their own, none of them {ROW_COLUMN}")


@dataclass(frozen=True, slots=True)
class FixedMoment:
    """What the statement wrote for the time of asking, and the date or timestamp that the question has in its place."""

    text: str
    value: Literal

    def __str__(self) -> str:
        """As a reader is told it."""
        return f"{self.text} is {self.value.value}{' UTC' if self.value.type is DataType.TIMESTAMP else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How cities stand under labels.

    `columns`: the released columns of the keys over `city`; `words`: what the analyst wrote for each; `types`: theirs.
    `sets`: which cities are merged under which values.
    """

    columns: tuple[str, ...]
    words: tuple[str, ...]
    types: tuple[DataType, ...]
    sets: tuple[CitySet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityQuestion:
    """One question of a statement to the cities.

    `plan`: canonical. `cities`: the selected cities, sorted; None means every city that serves the contract. `named`:
    those that the statement lists, each of which has to serve it. `predicates`: conditions that select cities without
    listing them, as written. `by_city`: the merge keeps cities apart. `labels`: or else it merges them by label.
    `over_some`: aggregates over some of the cities alone, behind those of the plan.
    `texts`: of fields of the plan, as a refusal names them, what was written.
    """

    plan: Plan
    cities: tuple[str, ...] | None
    by_city: bool
    named: frozenset[str] = frozenset()
    predicates: tuple[str, ...] = ()
    labels: Labels | None = None
    over_some: tuple[CityMeasure, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.cities is not None and (not self.cities or list(self.cities) != sorted(set(self.cities))):
            raise ValueError("cities must be sorted, without repeats, and at least one")

    def written_at(self, field: str) -> str:
        """What was written for a field of the plan, as `aggregates[0].column`; the field itself where nothing was."""
        return dict(self.texts).get(field.partition(".")[0], field)

    @property
    def measures(self) -> int:
        """How many aggregates it releases."""
        return len(self.plan.aggregates) + len(self.over_some)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as asked: one question to the cities or several, and the SELECT over what they release.

    `fixed`: the dates and timestamps that stand for the time of asking.
    """

    questions: tuple[CityQuestion, ...]
    outer: OuterSelect
    fixed: tuple[FixedMoment, ...] = ()

    def __post_init__(self) -> None:
        if not self.questions:
            raise ValueError("a statement asks at least one question")

    @property
    def plan(self) -> Plan:
        """What the cities are asked first; few statements ask more."""
        return self.questions[0].plan

    @property
    def cities(self) -> tuple[str, ...] | None:
        """Whom the first question asks."""
        return self.questions[0].cities

    @property
    def by_city(self) -> bool:
        """Whether the first question keeps cities apart."""
        return self.questions[0].by_city
