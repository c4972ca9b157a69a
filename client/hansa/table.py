"""A question built step by step: each step is checked as it is taken, by the reader of SQL, and gives a new value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from hansa.answer import Answer
from hansa.asking.follow import CityWord, OnProgress, OnProgressAsync
from hansa.asking.session import DEFAULT_DEADLINE_S, Asker
from hansa.async_league import AsyncLeague
from hansa.catalogue import Dataset
from hansa.league import League
from hansa.question.builder_expression import Columnar, Expr, Order, col
from hansa.question.builder_select import Item, Select
from hansa.question.named import Named
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.partial.answer import DryRun
from hansa_core.plan.plan import Plan

if TYPE_CHECKING:
    from hansa.view.explanation import Explanation

LeagueT = TypeVar("LeagueT")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Draft(Generic[LeagueT]):
    """A question about one dataset, so far. Every step raises RefusedError with the clause and a remedy."""

    asker: Asker
    league: LeagueT
    dataset: Dataset
    select: Select

    @classmethod
    def over(cls, asker: Asker, dataset: str | Dataset, *, league: LeagueT) -> Self:
        """The empty question about a dataset, by its name, its id or as it stands in the catalogue."""
        found = dataset if isinstance(dataset, Dataset) else asker.catalogue[dataset]
        return cls(asker=asker, league=league, dataset=found, select=Select(source=found.id))

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
    def plan(self) -> Plan:
        """What each city would be asked. Raises RefusedError while no aggregate is named."""
        return self.asker.read(self.sql).plan

    def __repr__(self) -> str:
        return self.select.sql(pretty=True)

    def where(self, *conditions: Expr) -> Self:
        """Keep the rows where all of the conditions hold; those of an earlier call hold too."""
        return self._with(conditions=(*self.select.conditions, *_all_given(conditions, "where")))

    def cities(self, *cities: str) -> Self:
        """Ask these cities only."""
        return self._with(cities=tuple(dict.fromkeys(_all_given(cities, "cities"))))

    def group_by(self, *keys: Columnar, **named: Columnar) -> Self:
        """One row for each value of the keys: columns by name or `t.c`, `city`, or computed: `month=date_trunc(…)`."""
        items = _items(keys, named, "group_by")
        self._check_names(items)
        plain = len(self.select.keys) - self.select.totals
        return self._with(keys=(*self.select.keys[:plain], *items, *self.select.keys[plain:]))

    def rollup(self, *keys: Columnar, **named: Columnar) -> Self:
        """Group by further keys, and add their totals: over the last, over the last two, and over all of them."""
        items = _items(keys, named, "rollup")
        self._check_names(items)
        return self._with(keys=(*self.select.keys, *items), totals=self.select.totals + len(items))

    def agg(self, *measures: Expr, **named: Expr) -> Self:
        """Compute aggregates, and arithmetic on them; those of an earlier call stay. A keyword names the column."""
        items = _items(measures, named, "agg")
        self._check_names(items)
        return self._with(measures=(*self.select.measures, *items))

    def having(self, *conditions: Expr) -> Self:
        """Keep the rows of the answer where all of these conditions on aggregates hold."""
        return self._with(having=(*self.select.having, *_all_given(conditions, "having")))

    def order_by(self, *keys: Expr | Order | str) -> Self:
        """Order the answer, by its columns' names or by expressions: `order_by("city", t.c.year.desc())`."""
        return self._with(order=tuple(self._ordered(key) for key in _all_given(keys, "order_by")))

    def limit(self, rows: int, *, offset: int = 0) -> Self:
        """At most so many rows of the answer, after the first `offset`."""
        for name, number in (("limit", rows), ("offset", offset)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise RefusedError("wrong_type", f"{name} is a whole number of rows, 0 or more", "write 10", name)
        return self._with(limit=rows, offset=offset)

    def _with(self, **clauses: Any) -> Self:
        select = replace(self.select, **clauses)
        self.asker.read(select.sql_to_check())
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


class Table(Draft[League]):
    """A question to a `League`; `ask()` asks it."""

    __slots__ = ()

    def ask(
        self,
        *,
        purpose: str | None = None,
        min_cities: int | None = None,
        partial: bool = False,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgress | None = None,
    ) -> Answer:
        """Ask the cities; arguments and errors as `League.sql`."""
        return self.league.sql(
            self.sql,
            purpose=purpose,
            min_cities=min_cities,
            partial=partial,
            deadline_s=deadline_s,
            on_progress=on_progress,
        )

    def dry_run(self, *, purpose: str | None = None, deadline_s: float = DEFAULT_DEADLINE_S) -> list[CityWord[DryRun]]:
        """What every addressed city would do with the question; no data is touched."""
        return self.league.dry_run(self.sql, purpose=purpose, deadline_s=deadline_s)

    def explain(self, *, purpose: str | None = None, deadline_s: float = DEFAULT_DEADLINE_S) -> Explanation:
        """What would be asked and computed where, by a dry run, as `League.explain`."""
        return self.league.explain(self.sql, purpose=purpose, deadline_s=deadline_s)


class AsyncTable(Draft[AsyncLeague]):
    """A question to an `AsyncLeague`; `await ask()` asks it."""

    __slots__ = ()

    async def ask(
        self,
        *,
        purpose: str | None = None,
        min_cities: int | None = None,
        partial: bool = False,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgressAsync | None = None,
    ) -> Answer:
        """Ask the cities; arguments and errors as `AsyncLeague.sql`."""
        return await self.league.sql(
            self.sql,
            purpose=purpose,
            min_cities=min_cities,
            partial=partial,
            deadline_s=deadline_s,
            on_progress=on_progress,
        )

    async def dry_run(
        self, *, purpose: str | None = None, deadline_s: float = DEFAULT_DEADLINE_S
    ) -> list[CityWord[DryRun]]:
        """What every addressed city would do with the question; no data is touched."""
        return await self.league.dry_run(self.sql, purpose=purpose, deadline_s=deadline_s)

    async def explain(self, *, purpose: str | None = None, deadline_s: float = DEFAULT_DEADLINE_S) -> Explanation:
        """What would be asked and computed where, by a dry run, as `AsyncLeague.explain`."""
        return await self.league.explain(self.sql, purpose=purpose, deadline_s=deadline_s)


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
