"""A question built step by step: each step is checked by the reader of SQL, and gives a new question."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

from hansa.answer import Answer
from hansa.answering.city_words import Verdicts
from hansa.answering.stage import OnStage
from hansa.asking.async_league_connection import AsyncLeagueConnection
from hansa.asking.follow import OnProgress, OnProgressAsync
from hansa.asking.league_connection import LeagueConnection
from hansa.catalogue import Catalogue, Dataset
from hansa.question.builder_expression import Columnar, Expr, Order, col
from hansa.question.builder_functions import case
from hansa.question.builder_select import Item, Select, SetWord
from hansa.question.named import Named
from hansa.question.options import AskKeywords, AskOptions, with_options
from hansa.tracebacks import short_traceback
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.plan import Plan

if TYPE_CHECKING:
    from hansa.view.explanation import Explanation

ConnectionT = TypeVar("ConnectionT", bound=LeagueConnection | AsyncLeagueConnection)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Draft(Generic[ConnectionT]):
    """A question about one dataset, so far. Every step raises RefusedError with the clause and a remedy."""

    connection: ConnectionT
    dataset: Dataset
    select: Select

    @classmethod
    def over(cls, catalogue: Catalogue, dataset: str | Dataset, connection: ConnectionT) -> Self:
        """The empty question about a dataset, by its name, its id or as it stands in the catalogue."""
        found = dataset if isinstance(dataset, Dataset) else catalogue[dataset]
        return cls(connection=connection, dataset=found, select=Select(source=found.id))

    @property
    def c(self) -> Named[Expr]:
        """The dataset's columns, `city`, and what the question names so far: `t.c.project`, or `t.c["project"]`."""
        columns = {name: col(name) for name in (*self.dataset.columns, CITY_COLUMN, *self.select.names)}
        return Named(columns, whole=f"the columns of {self.dataset.id}", code="unknown_column")

    @property
    def sql(self) -> str:
        """The question as SQL; `League.sql` answers it alike."""
        return self.select.sql()

    @property
    @short_traceback
    def plan(self) -> Plan:
        """What each city would be asked. Raises RefusedError while no aggregate is named."""
        return self.connection.session.read(self.sql).plan

    def __repr__(self) -> str:
        return self.select.sql(pretty=True)

    @short_traceback
    def where(self, *conditions: Expr) -> Self:
        """Keep the rows where all of the conditions hold; those of an earlier call hold too."""
        return self._with(conditions=(*self.select.conditions, *_all_given(conditions, "where")))

    @short_traceback
    def cities(self, *cities: str) -> Self:
        """Ask these cities only."""
        return self._with(cities=tuple(dict.fromkeys(_all_given(cities, "cities"))))

    @short_traceback
    def group_by(self, *keys: Columnar, **named: Columnar) -> Self:
        """One row for each value of the keys: columns by name or `t.c`, `city`, or computed: `month=date_trunc(…)`."""
        items = _items(keys, named, "group_by")
        self._check_names(items)
        plain = len(self.select.keys) - self.select.totals
        return self._with(keys=(*self.select.keys[:plain], *items, *self.select.keys[plain:]))

    @short_traceback
    def rollup(self, *keys: Columnar, **named: Columnar) -> Self:
        """Group by further keys, and add their totals: over the last, over the last two, and over all of them."""
        items = _items(keys, named, "rollup")
        self._check_names(items)
        return self._with(keys=(*self.select.keys, *items), totals=self.select.totals + len(items))

    @short_traceback
    def label(self, name: str, labels: Mapping[str, Iterable[str]], *, otherwise: str | None = None) -> Self:
        """Put cities together: one row for each label, over the cities that it lists; NULL or `otherwise` for others.

        Labels are a key as any other: `t.label("coast", {"west": ["bremen"]}, otherwise="east").agg(n=hansa.count())`.
        """
        if not labels:
            raise RefusedError("wrong_type", "label() takes at least one label", 'write {"west": ["bremen"]}', "label")
        whens = [(col(CITY_COLUMN).is_in(tuple(cities)), label) for label, cities in labels.items()]
        return self.group_by(**{name: case(*whens, otherwise=otherwise)})

    @short_traceback
    def union_all(self, *others: Self) -> Self:
        """The rows of this question and of the others, by the place of their columns; each question is charged."""
        return self._united("UNION ALL", others)

    @short_traceback
    def union(self, *others: Self) -> Self:
        """As `union_all`, equal rows once."""
        return self._united("UNION", others)

    @short_traceback
    def intersect(self, *others: Self) -> Self:
        """The rows that each of the questions has, once."""
        return self._united("INTERSECT", others)

    @short_traceback
    def except_(self, *others: Self) -> Self:
        """The rows of this question that none of the others has, once."""
        return self._united("EXCEPT", others)

    @short_traceback
    def agg(self, *measures: Expr, **named: Expr) -> Self:
        """Compute aggregates, and arithmetic on them; those of an earlier call stay. A keyword names the column."""
        items = _items(measures, named, "agg")
        self._check_names(items)
        return self._with(measures=(*self.select.measures, *items))

    @short_traceback
    def having(self, *conditions: Expr) -> Self:
        """Keep the rows of the answer where all of these conditions on aggregates hold."""
        return self._with(having=(*self.select.having, *_all_given(conditions, "having")))

    @short_traceback
    def order_by(self, *keys: Expr | Order | str) -> Self:
        """Order the answer, by its columns' names or by expressions: `order_by("city", t.c.year.desc())`."""
        return self._with(order=tuple(self._ordered(key) for key in _all_given(keys, "order_by")))

    @short_traceback
    def limit(self, rows: int, *, offset: int = 0) -> Self:
        """At most so many rows of the answer, after the first `offset`."""
        for name, number in (("limit", rows), ("offset", offset)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise RefusedError("wrong_type", f"{name} is a whole number of rows, 0 or more", "write 10", name)
        return self._with(limit=rows, offset=offset)

    def _united(self, word: SetWord, others: tuple[Self, ...]) -> Self:
        sides = tuple(one.select for one in (self, *_all_given(others, word.lower().replace(" ", "_"))))
        select = Select(source=self.select.source, sides=sides, united_by=word)
        self.connection.session.read(select.sql())
        return replace(self, select=select)

    def _with(self, **clauses: Any) -> Self:
        if self.select.sides and not clauses.keys() <= {"order", "limit", "offset"}:
            rule = "the rows of several questions are ordered and limited, and nothing else"
            remedy = "ask for it in each question, before they are united"
            raise RefusedError("unsupported_clause", rule, remedy, self.select.united_by or "")
        select = replace(self.select, **clauses)
        self.connection.session.read(select.sql_to_check())
        return replace(self, select=select)

    def _ordered(self, key: Expr | Order | str) -> Order:
        if isinstance(key, Order):
            return key
        if isinstance(key, Expr):
            return key.asc()
        names = self.select.names
        if key not in names:
            remedy = nearest(key, names) if names else "name one first, as in agg(n=hansa.count())"
            raise RefusedError("unknown_column", f"{shown(key)} is no column of the answer yet", remedy, "order_by")
        return col(key).asc()

    def _check_names(self, items: Iterable[Item]) -> None:
        taken = {name.lower() for name in self.select.names}
        for item in items:
            name = (item.shown_name or "").lower()
            if name in taken:
                raise RefusedError(
                    "unsupported_clause",
                    f"{shown(name)} is already a column of the answer",
                    "give it another name, as in agg(n_2=…)",
                    name,
                )
            taken |= {name} - {""}


class Table(Draft[LeagueConnection]):
    """A question to a `League`; `ask()` asks it."""

    __slots__ = ()

    @short_traceback
    @with_options
    def ask(
        self, *, on_progress: OnProgress | None = None, on_stage: OnStage | None = None, **options: Unpack[AskKeywords]
    ) -> Answer:
        """Ask the cities; options and errors as `League.sql`."""
        return Answer.of(self.connection.ask(self.sql, AskOptions.from_keywords(options), on_progress, on_stage))

    @short_traceback
    @with_options
    def dry_run(self, *, on_progress: OnProgress | None = None, **options: Unpack[AskKeywords]) -> Verdicts:
        """What every addressed city would do with the question; no data is touched."""
        return self.connection.dry_run(self.sql, AskOptions.from_keywords(options), on_progress).listed

    @short_traceback
    @with_options
    def explain(self, **options: Unpack[AskKeywords]) -> Explanation:
        """What would be asked and computed where, by a dry run, as `League.explain`."""
        from hansa.view.explain import explain_dry_run

        return explain_dry_run(self.connection.dry_run(self.sql, AskOptions.from_keywords(options)))


class AsyncTable(Draft[AsyncLeagueConnection]):
    """A question to an `AsyncLeague`; `await ask()` asks it."""

    __slots__ = ()

    @short_traceback
    @with_options
    async def ask(
        self,
        *,
        on_progress: OnProgressAsync | None = None,
        on_stage: OnStage | None = None,
        **options: Unpack[AskKeywords],
    ) -> Answer:
        """Ask the cities; options and errors as `AsyncLeague.sql`."""
        asked = await self.connection.ask(self.sql, AskOptions.from_keywords(options), on_progress, on_stage)
        return Answer.of(asked)

    @short_traceback
    @with_options
    async def dry_run(self, *, on_progress: OnProgressAsync | None = None, **options: Unpack[AskKeywords]) -> Verdicts:
        """What every addressed city would do with the question; no data is touched."""
        answer = await self.connection.dry_run(self.sql, AskOptions.from_keywords(options), on_progress)
        return answer.listed

    @short_traceback
    @with_options
    async def explain(self, **options: Unpack[AskKeywords]) -> Explanation:
        """What would be asked and computed where, by a dry run, as `AsyncLeague.explain`."""
        from hansa.view.explain import explain_dry_run

        answer = await self.connection.dry_run(self.sql, AskOptions.from_keywords(options))
        return await asyncio.to_thread(explain_dry_run, answer)


_T = TypeVar("_T")


def _all_given(given: tuple[_T, ...], clause: str) -> tuple[_T, ...]:
    if not given:
        raise RefusedError("wrong_type", f"{clause}() takes at least one argument", "leave it out, or give one", clause)
    return given


def _items(unnamed: Iterable[Columnar], named: dict[str, Any], clause: str) -> tuple[Item, ...]:
    items = [Item(value=_value(value, clause)) for value in unnamed]
    items += [Item(value=_value(value, clause), name=name) for name, value in named.items()]
    return _all_given(tuple(items), clause)


def _value(value: Columnar, clause: str) -> Expr:
    match value:
        case Expr():
            return value
        case str() if clause != "agg":
            return col(value)
    raise RefusedError(
        "wrong_type", f"{clause}() takes expressions", "write for example hansa.count() or t.c.kind", shown(str(value))
    )
