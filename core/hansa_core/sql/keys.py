"""Reads the keys of GROUP BY."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.expression import Expression
from hansa_core.sql.aggregates import find_aggregates
from hansa_core.sql.clause import quoted, refused
from hansa_core.sql.grouping_sets import grouping_sets
from hansa_core.sql.scalar import read_scalar
from hansa_core.sql.source import StatementSource


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One item of the SELECT list: its alias, if the analyst gave one, and its expression."""

    alias: str
    node: exp.Expr


@dataclass(frozen=True, slots=True)
class Grouping:
    """The keys of the plan, as read, the totals over some of them, and whether `city` is a key beside them."""

    keys: tuple[Expression, ...]
    totals: tuple[tuple[int, ...], ...]
    by_city: bool

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The indexes of the keys of each grouping."""
        return (tuple(range(len(self.keys))), *self.totals)


def read_grouping(group: exp.Group | None, items: Sequence[SelectItem], source: StatementSource) -> Grouping:
    """The keys behind column names, expressions, ordinals, aliases, ALL and grouping sets. Raises RefusedError."""
    sets: list[list[exp.Expr]] = [[]]
    if group is not None and group.args.get("all"):
        sets = [[item.node for item in items if _is_key(item.node)]]
    elif group is not None:
        sets = [[_referred(node, items, source) for node in nodes] for nodes in grouping_sets(group)]
    for node in {id(node): node for nodes in sets for node in nodes}.values():
        _check_bare_city(node, source)
    apart = {any(source.is_city(node) for node in nodes) for nodes in sets}
    if len(apart) > 1 and group is not None:
        raise refused(
            "city_misplaced",
            group,
            "city keeps all cells apart or none: it is not rolled up",
            "write GROUP BY city, ROLLUP (…), or leave city out",
        )
    read = [[read_scalar(node, source) for node in nodes if not source.is_city(node)] for nodes in sets]
    keys = tuple(dict.fromkeys(key for one in read for key in one))
    kept = dict.fromkeys(tuple(sorted({keys.index(key) for key in one})) for one in read)
    everything = tuple(range(len(keys)))
    if everything not in kept and group is not None:
        raise refused(
            "unsupported_clause",
            group,
            "one of the grouping sets has all keys",
            "add the set of all keys, and filter the answer",
        )
    return Grouping(keys, tuple(one for one in kept if one != everything), by_city=True in apart)


def _is_key(node: exp.Expr) -> bool:
    """Whether GROUP BY ALL groups by the item."""
    of_columns = node.find(exp.Column) is not None
    return of_columns and not find_aggregates(node) and node.find(exp.Window, exp.Grouping) is None


def _check_bare_city(node: exp.Expr, source: StatementSource) -> None:
    if not source.is_city(node) and any(source.is_city(found) for found in node.find_all(exp.Column)):
        raise refused(
            "city_misplaced", node, "city is a key by itself only, never inside an expression", "write GROUP BY city"
        )


def select_item(items: Sequence[SelectItem], number: exp.Literal) -> SelectItem:
    """The item that an ordinal in GROUP BY or ORDER BY names, counted from 1."""
    text = str(number.this)
    if not text.isdigit() or len(text) > 4 or not 1 <= int(text) <= len(items):
        raise RefusedError(
            "unsupported_clause",
            f"{shown(text)} is no item of the SELECT list",
            f"write a number from 1 to {len(items)}, or a name",
            quoted(number),
        )
    return items[int(text) - 1]


def _referred(node: exp.Expr, items: Sequence[SelectItem], source: StatementSource) -> exp.Expr:
    node = node.unnest()
    if isinstance(node, exp.Literal) and not node.is_string:
        return select_item(items, node).node.unnest()
    if not isinstance(node, exp.Column) or node.table or source.is_city(node):
        return node
    columns = {name.lower() for name in source.contract.columns}
    aliases = {item.alias.lower(): item.node for item in items if item.alias}
    name = node.name.lower()
    if name not in columns and name not in aliases:
        known = {*source.contract.columns, *aliases, CITY_COLUMN}
        raise refused(
            "unknown_column",
            node,
            f"{shown(node.name)} is neither a column nor an alias",
            nearest(node.name, known),
        )
    return node if name in columns else aliases[name].unnest()
