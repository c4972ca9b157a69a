"""Reads the keys of GROUP BY."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.expression import Expression
from hansa_core.sql.aggregates import find_aggregates
from hansa_core.sql.city import CityLabel, label_text, mentions_city, read_label
from hansa_core.sql.clause import quoted, refused
from hansa_core.sql.grouping_sets import grouping_sets
from hansa_core.sql.scalar import read_scalar
from hansa_core.sql.source import StatementSource


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One item of the SELECT list: its alias, if the analyst gave one, and its expression."""

    alias: str
    node: exp.Expr


def select_items(select: exp.Select) -> list[SelectItem]:
    """The items of the SELECT list, in order."""
    return [SelectItem(item.alias, item.this if isinstance(item, exp.Alias) else item) for item in select.expressions]


@dataclass(frozen=True, slots=True)
class GroupingSet:
    """One set of keys: the places of those over `city` and of those of the plan, rising."""

    labels: tuple[int, ...]
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The keys of the plan, as read, the keys over `city`, and the sets of both that are grouped by, as written.

    `cities`: those of the league. `by_city`: `city` itself is a key in every set, and no other key is over it, and no
    set stands there twice.
    """

    keys: tuple[Expression, ...]
    labels: tuple[CityLabel, ...]
    sets: tuple[GroupingSet, ...]
    cities: tuple[str, ...]
    by_city: bool

    @property
    def totals(self) -> tuple[tuple[int, ...], ...]:
        """The groupings of the plan beside that of all keys."""
        everything = tuple(range(len(self.keys)))
        return tuple(dict.fromkeys(one.keys for one in self.sets if one.keys != everything))

    @property
    def are_labelled(self) -> bool:
        """Whether cities are merged by label instead of all together or each by itself."""
        return not self.by_city and (bool(self.labels) or len(set(self.sets)) < len(self.sets))


def read_grouping(
    group: exp.Group | None, items: Sequence[SelectItem], source: StatementSource, cities: Collection[str]
) -> Grouping:
    """The keys behind column names, expressions, ordinals, aliases, ALL and grouping sets. Raises RefusedError.

    `cities`: those of the league.
    """
    sets: list[list[exp.Expr]] = [[]]
    if group is not None and group.args.get("all"):
        sets = [all_keys(items, source)]
    elif group is not None:
        sets = [[referred(node, items, source) for node in nodes] for nodes in grouping_sets(group)]
    keys: dict[Expression, int] = {}
    labels: dict[str, CityLabel] = {}
    read: list[GroupingSet] = []
    for nodes in sets:
        over_city = [node for node in nodes if mentions_city(node, source)]
        for node in over_city:
            if label_text(node, source) not in labels:
                labels[label_text(node, source)] = read_label(node, source, cities)
        found = [read_scalar(node, source) for node in nodes if not mentions_city(node, source)]
        of_keys = {keys.setdefault(key, len(keys)) for key in found}
        of_labels = {list(labels).index(label_text(node, source)) for node in over_city}
        read.append(GroupingSet(tuple(sorted(of_labels)), tuple(sorted(of_keys))))
    is_plain = len(labels) == 1 and all(source.is_city(label.node) for label in labels.values())
    by_city = is_plain and all(one.labels for one in read) and len(set(read)) == len(read)
    return Grouping(tuple(keys), tuple(labels.values()), tuple(read), tuple(sorted(cities)), by_city=by_city)


def all_keys(items: Sequence[SelectItem], source: StatementSource) -> list[exp.Expr]:
    """What GROUP BY ALL groups by."""
    return [item.node for item in items if _is_key(item.node) and not _is_derived(item.node, items, source)]


def _is_key(node: exp.Expr) -> bool:
    """Whether GROUP BY ALL groups by the item."""
    of_columns = node.find(exp.Column) is not None
    return of_columns and not find_aggregates(node) and node.find(exp.Window, exp.Grouping) is None


def _is_derived(node: exp.Expr, items: Sequence[SelectItem], source: StatementSource) -> bool:
    """Whether the item is computed from aggregates that other items name."""
    own = {name.lower() for name in source.contract.columns}
    aliases = {item.alias.lower() for item in items if item.alias and not _is_key(item.node)} - own
    return any(not column.table and column.name.lower() in aliases for column in node.find_all(exp.Column))


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


def referred(node: exp.Expr, items: Sequence[SelectItem], source: StatementSource) -> exp.Expr:
    """What an item of GROUP BY stands for: a column, before an alias of that name; an item of the list; or itself.

    Raises RefusedError for a name that is neither.
    """
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
