"""Numbers of a question's released columns and groupings, among those of all questions of its statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hansa_core.contract.column_names import CITY_COLUMN, aggregate_column, key_column, label_column
from hansa_core.plan.expression import Expression
from hansa_core.plan.plan import Plan
from hansa_core.plan.simplify import simplify
from hansa_core.sql.keys import Grouping, GroupingSet
from hansa_core.sql.statement import CityQuestion, released_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a question stands among those of its statement: the numbers of its first released columns."""

    question: int = 0
    key: int = 0
    label: int = 0
    aggregate: int = 0
    statistic: int = 0

    def behind(self, question: CityQuestion, statistics: int) -> Place:
        """The place of the next question. `statistics`: how many over values of keys it has."""
        labels = question.labels
        return Place(
            question=self.question + 1,
            key=self.key + len(question.plan.keys),
            label=self.label + (len(labels.columns) if labels is not None else 0),
            aggregate=self.aggregate + question.measures,
            statistic=self.statistic + statistics,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """The released table of one question. `shown`: the groupings that the analyst asks; `counting`: those and the finer
    ones that tell values of keys apart. `plan`: canonical.
    """

    place: Place
    plan: Plan
    shown: Grouping
    counting: Grouping

    @property
    def table(self) -> str:
        """Its name."""
        return released_table(self.place.question)

    @property
    def city_columns(self) -> tuple[str, ...]:
        """What tells cities apart, or what they are put under."""
        if self.shown.by_city:
            return (CITY_COLUMN,)
        return tuple(label_column(self.place.label + index) for index in range(len(self.shown.labels)))

    @property
    def groupings(self) -> int:
        """How many groupings it holds."""
        return len(self.counting.sets) if self.shown.are_labelled else len(self.plan.groupings)

    def key_column(self, key: Expression) -> str:
        """The column of a key."""
        return key_column(self.place.key + self.plan.keys.index(simplify(key)))

    def aggregate_column(self, index: int) -> str:
        """The column of an aggregate, those over some cities behind those of the plan."""
        return aggregate_column(self.place.aggregate + index)

    def number(self, one: GroupingSet) -> int:
        """The number of a grouping: by the statement where cities stand under labels, else by the plan."""
        if self.shown.are_labelled:
            return self.counting.sets.index(one)
        return self.plan_grouping(one)

    def plan_grouping(self, one: GroupingSet) -> int:
        """The place in `plan.groupings` of a set of keys."""
        keys = {simplify(self.counting.keys[at]) for at in one.keys}
        return next(
            number for number, kept in enumerate(self.plan.groupings) if {self.plan.keys[at] for at in kept} == keys
        )

    def shown_sets(self) -> Iterator[tuple[int, GroupingSet]]:
        """Each grouping that the analyst asks, with its number; one that stands there twice has two."""
        seen: set[int] = set()
        for at, one in enumerate(self.shown.sets):
            number = at if self.shown.are_labelled else self.plan_grouping(one)
            if number not in seen:
                seen.add(number)
                yield number, one

    def kept_columns(self, one: GroupingSet) -> frozenset[str]:
        """The columns of the keys, those over `city` included, that are no totals in a grouping."""
        cities = [self.city_columns[at] for at in one.labels]
        return frozenset([*cities, *(self.key_column(self.counting.keys[at]) for at in one.keys)])
