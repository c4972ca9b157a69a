"""The clauses of one question, and the SQL that they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from hansa.question.builder_expression import Expr, Order, col, conjunction
from hansa.question.builder_functions import count
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.ids import ContractId
from hansa_core.sql.clause import DIALECT

SetWord = Literal["UNION ALL", "UNION", "INTERSECT", "EXCEPT"]
_COMBINE: dict[SetWord, tuple[type[exp.SetOperation], bool]] = {
    "UNION ALL": (exp.Union, False),
    "UNION": (exp.Union, True),
    "INTERSECT": (exp.Intersect, True),
    "EXCEPT": (exp.Except, True),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One column of the SELECT list; `name` None leaves it to the expression."""

    value: Expr
    name: str | None = None

    @property
    def shown_name(self) -> str | None:
        """What the answer's column is called, if a person could know it."""
        tree = self.value.tree
        return self.name or (tree.name if isinstance(tree, exp.Column) else None)

    @property
    def tree(self) -> exp.Expr:
        """The item of the SELECT list."""
        tree = self.value.tree
        return tree if self.name is None else exp.alias_(tree, self.name, quoted=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Select:
    """The clauses of a question so far.

    `totals`: how many of the keys, from the end, are rolled up. `cities`: None for all. `sides`: questions whose rows
    are united by the word `united_by`; then there are no clauses beside them but order and limit.
    """

    source: ContractId
    sides: tuple[Select, ...] = ()
    united_by: SetWord | None = None
    conditions: tuple[Expr, ...] = ()
    cities: tuple[str, ...] | None = None
    keys: tuple[Item, ...] = ()
    totals: int = 0
    measures: tuple[Item, ...] = ()
    having: tuple[Expr, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def names(self) -> list[str]:
        """The columns of the answer that can be named."""
        if self.sides:
            return self.sides[0].names
        return [name for item in (*self.keys, *self.measures) if (name := item.shown_name) is not None]

    def sql(self, *, pretty: bool = False) -> str:
        """The question as SQL: identifiers quoted, constants as literals."""
        return self._whole(self.measures).sql(DIALECT, pretty=pretty)

    def sql_to_check(self) -> str:
        """As `sql`, with COUNT(*) where no aggregate was named yet, so that the other clauses can be checked."""
        return self._whole(self.measures or (Item(value=count()),)).sql(DIALECT)

    def _whole(self, measures: tuple[Item, ...]) -> exp.Query:
        """The question with its order and limit."""
        query = self._united() if self.sides else self._question(measures)
        if self.order:
            query.set("order", exp.Order(expressions=[one.tree for one in self.order]))
        if self.limit is not None:
            query.set("limit", exp.Limit(expression=exp.Literal.number(self.limit)))
        if self.offset:
            query.set("offset", exp.Offset(expression=exp.Literal.number(self.offset)))
        return query

    def _united(self) -> exp.Query:
        """The rows of all sides, each in brackets of its own."""
        assert self.united_by is not None, "sides are united by a word"
        combine, is_distinct = _COMBINE[self.united_by]
        first, *others = (exp.Subquery(this=side._whole(side.measures)) for side in self.sides)
        whole: exp.Query = first
        for other in others:
            whole = combine(this=whole, expression=other, distinct=is_distinct)
        return whole

    def _question(self, measures: tuple[Item, ...]) -> exp.Select:
        items = [item.tree for item in (*self.keys, *measures)]
        select = exp.Select(
            expressions=items, from_=exp.From(this=exp.Table(this=exp.to_identifier(str(self.source), quoted=True)))
        )
        selected = () if self.cities is None else (col(CITY_COLUMN).is_in(self.cities),)
        if conditions := (*self.conditions, *selected):
            select.set("where", exp.Where(this=conjunction(conditions, "where").tree))
        if self.keys:
            select.set("group", exp.Group(expressions=self._grouping()))
        if self.having:
            select.set("having", exp.Having(this=conjunction(self.having, "having").tree))
        return select

    def _grouping(self) -> list[exp.Expr]:
        numbers: list[exp.Expr] = [exp.Literal.number(index + 1) for index in range(len(self.keys))]
        plain = len(self.keys) - self.totals
        rolled: list[exp.Expr] = [exp.Rollup(expressions=numbers[plain:])] if self.totals else []
        return [*numbers[:plain], *rolled]
