"""Reads what a statement says about `city`: which cities it asks, and which of them it puts under one label."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.types import DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.evaluate import evaluator
from hansa_core.plan.expression import Column, Expression
from hansa_core.plan.typing import type_of
from hansa_core.sql.clause import chain, quoted, refused, text_of
from hansa_core.sql.scalar import read_condition, read_scalar
from hansa_core.sql.source import StatementSource

_TYPES = {CITY_COLUMN: DataType.TEXT}


@dataclass(frozen=True, slots=True)
class CitySelection:
    """The selected cities, sorted, or None for all; those that were named; and the conditions that are about rows.

    `predicates`: conditions on city that name no cities to ask, as they were written.
    """

    cities: tuple[str, ...] | None
    named: frozenset[str]
    conditions: tuple[exp.Expr, ...]
    predicates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityLabel:
    """A key over `city` alone. `values`: of each city of the league."""

    node: exp.Expr
    type: DataType
    values: dict[str, Value | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CityNames(StatementSource):
    """Where `city` is the only column: a value of a member's name is known before anybody is asked."""

    @property
    def types(self) -> dict[str, DataType]:
        return _TYPES

    def column(self, node: exp.Column) -> Column:
        if self.is_city(node) and (not node.table or node.table.lower() in self.qualifiers):
            return Column(CITY_COLUMN)
        raise refused(
            "city_misplaced",
            node,
            f"city and {shown(node.name)} stand in one expression, and a city's name is none of its data",
            "write a condition or a key over city by itself, beside those over columns",
        )

    def is_city(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Column) and node.name.lower() == CITY_COLUMN


def mentions_city(node: exp.Expr, source: StatementSource) -> bool:
    """Whether `city` stands somewhere in the node."""
    return any(source.is_city(column) for column in node.find_all(exp.Column))


def label_text(node: exp.Expr, source: StatementSource) -> str:
    """What tells a key over `city` from others: `city` itself may have its table in front."""
    return CITY_COLUMN if source.is_city(node) else text_of(node)


def select_cities(conditions: Iterable[exp.Expr], source: StatementSource, known: Collection[str]) -> CitySelection:
    """Tell conditions on `city` from those about rows. `conditions`: joined by AND. `known`: the league's cities."""
    selected: set[str] | None = None
    named: set[str] = set()
    about_rows, predicates = [], []
    listed = list(conditions)
    for part in listed:
        if not mentions_city(part, source):
            about_rows.append(part)
            continue
        cities, are_named = _cities_where(part, source, known)
        selected = cities if selected is None else selected & cities
        named |= cities if are_named else set()
        if not are_named:
            predicates.append(quoted(part))
    if selected is not None and not selected:
        field = " AND ".join(quoted(part) for part in listed if mentions_city(part, source))
        rule = "the conditions on city leave no city"
        raise RefusedError("unknown_city", rule, f"the cities of the league are: {', '.join(sorted(known))}", field)
    cities_asked = None if selected is None else tuple(sorted(selected))
    return CitySelection(cities_asked, frozenset(named & (selected or set())), tuple(about_rows), tuple(predicates))


def conditions_of(where: exp.Expr | None) -> list[exp.Expr]:
    """The conditions that AND joins at the top."""
    return [] if where is None else chain(where, exp.And)


def read_label(node: exp.Expr, source: StatementSource, known: Collection[str]) -> CityLabel:
    """A key over `city` alone, with its value for each city. Raises RefusedError."""
    _check_names(node, source, known)
    names = _names_of(source)
    expression = read_scalar(node, names)
    values = _values(expression, known)
    return CityLabel(node=node, type=type_of(expression, _TYPES), values=values)


def _names_of(source: StatementSource) -> _CityNames:
    return _CityNames(contract=source.contract, qualifiers=source.qualifiers)


def _cities_where(part: exp.Expr, source: StatementSource, known: Collection[str]) -> tuple[set[str], bool]:
    """The cities that meet the condition, and whether it lists them one by one."""
    _check_names(part, source, known)
    condition = read_condition(part, _names_of(source))
    cities = {city for city, meets in _values(condition, known).items() if meets is True}
    lists = isinstance(part, exp.EQ) or (isinstance(part, exp.In) and bool(part.expressions))
    return cities, lists and source.is_city(part.this.unnest() if part.this else part)


def _values(expression: Expression, known: Collection[str]) -> dict[str, Value | None]:
    value_of = evaluator(expression, _TYPES)
    return {city: value_of({CITY_COLUMN: city}) for city in sorted(known)}


def _check_names(tree: exp.Expr, source: StatementSource, known: Collection[str]) -> None:
    """Refuse a name that `city` is compared with and that no member has: else it would be a plausible nobody."""
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In, exp.NullSafeEQ, exp.NullSafeNEQ):
        sides = [node.this.unnest(), *(item.unnest() for item in node.expressions)]
        if isinstance(node, exp.Binary):
            sides.append(node.expression.unnest())
        if any(map(source.is_city, sides)):
            _check_literals(node, sides, known)
    for case in tree.find_all(exp.Case):
        if case.this is not None and source.is_city(case.this.unnest()):
            _check_literals(case, [when.this.unnest() for when in case.args["ifs"]], known)


def _check_literals(node: exp.Expr, sides: Iterable[exp.Expr], known: Collection[str]) -> None:
    for side in sides:
        if isinstance(side, exp.Literal) and side.is_string and side.this not in known:
            rule = f"{shown(str(side.this))} is no city of the league"
            raise RefusedError("unknown_city", rule, nearest(str(side.this), known), quoted(node))
