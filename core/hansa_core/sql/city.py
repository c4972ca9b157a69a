"""Reads the cities that WHERE selects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.sql.clause import chain, quoted, refused
from hansa_core.sql.source import StatementSource


@dataclass(frozen=True, slots=True)
class CitySelection:
    """The selected cities, sorted, or None for all; and the conditions that are about rows."""

    cities: tuple[str, ...] | None
    conditions: tuple[exp.Expr, ...]


def select_cities(where: exp.Expr | None, source: StatementSource, known: Collection[str]) -> CitySelection:
    """Take the conditions on `city` out of the top-level AND of WHERE. `known`: the league's cities."""
    selected: set[str] | None = None
    conditions = []
    for part in chain(where, exp.And) if where is not None else ():
        if not any(source.is_city(column) for column in part.find_all(exp.Column)):
            conditions.append(part)
            continue
        named = _named_cities(part, source, known)
        selected = named if selected is None else selected & named
    if selected is not None and not selected and where is not None:
        raise refused(
            "unknown_city",
            where,
            "the conditions on city leave no city",
            "name each city that you ask in one condition: city IN ('…', '…')",
        )
    return CitySelection(None if selected is None else tuple(sorted(selected)), tuple(conditions))


def _named_cities(part: exp.Expr, source: StatementSource, known: Collection[str]) -> set[str]:
    negated = isinstance(part, exp.Not)
    condition = part.this.unnest() if negated else part
    names = _names(condition, source)
    if names is None:
        raise _misplaced(part, ())
    for name in names:
        if name not in known:
            raise RefusedError(
                "unknown_city", f"{shown(name)} is no city of the league", nearest(name, known), quoted(part)
            )
    if negated or isinstance(condition, exp.NEQ):
        raise _misplaced(part, set(known) - names)
    return names


def _names(condition: exp.Expr, source: StatementSource) -> set[str] | None:
    """The text literals that `city` is compared to by =, <> or IN; None for any other condition."""
    match condition:
        case exp.EQ() | exp.NEQ():
            sides = [condition.this.unnest(), condition.expression.unnest()]
            sides.sort(key=source.is_city, reverse=True)
            operand, items = sides[0], sides[1:]
        case exp.In():
            operand, items = condition.this.unnest(), condition.expressions
        case _:
            return None
    plain = bool(items) and all(isinstance(item, exp.Literal) and item.is_string for item in items)
    return {str(item.this) for item in items} if plain and source.is_city(operand) else None


def _misplaced(part: exp.Expr, cities: Collection[str]) -> RefusedError:
    names = ", ".join(exp.Literal.string(city).sql() for city in sorted(cities))
    rewrite = f"write city IN ({names})" if names else "write … AND city IN ('…', '…'), once for each other case"
    return refused(
        "city_misplaced",
        part,
        "city selects cities only as a condition of its own in WHERE, with = or IN, joined to others by AND",
        rewrite,
    )
