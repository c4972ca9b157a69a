"""Which released column does a node of the SELECT list stand for?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.query.column_names import CITY_COLUMN
from hansa_core.query.expression import Expression
from hansa_core.query.simplify import simplify
from hansa_core.query.sql.clause import quoted, refused
from hansa_core.query.sql.scalar import read_scalar
from hansa_core.query.sql.source import Source
from hansa_core.query.sql.statement import RELEASED


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The released table, as the split of one statement sees it.

    `keys`: canonical key to column. `aggregates`: identity of the aggregate's node to column. `aliases`: what ORDER BY
    may name besides, in lower case; empty while the SELECT list itself is read.
    """

    source: Source
    by_city: bool
    keys: Mapping[Expression, str]
    aggregates: Mapping[int, str]
    aliases: Mapping[str, exp.Expr] = field(default_factory=dict)

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """The released column or aliased expression for the node; None where its parts have to be looked at."""
        if id(node) in self.aggregates:
            return column(self.aggregates[id(node)])
        if self.source.is_city(node):
            return self._city(node)
        key = self._key(node)
        if key is not None:
            return column(key)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None if not isinstance(node, exp.Column) else _refuse_star(node)
        if not node.table and node.name.lower() in self.aliases:
            return self.aliases[node.name.lower()].copy()
        name = self.source.column(node).name
        raise refused(
            "not_grouped",
            node,
            f"{name} is neither a key nor inside an aggregate",
            f"add {name} to GROUP BY, or aggregate it",
        )

    def _city(self, node: exp.Expr) -> exp.Expr:
        if self.by_city:
            return column(CITY_COLUMN)
        raise refused(
            "city_misplaced", node, "city stands in SELECT only where the cities are kept apart", "add city to GROUP BY"
        )

    def _key(self, node: exp.Expr) -> str | None:
        if not self.keys or isinstance(node, exp.Literal | exp.Boolean | exp.Null) or node.find(exp.AggFunc):
            return None
        try:
            return self.keys.get(simplify(read_scalar(node, self.source)))
        except RefusedError:  # it is no expression of the question language: its parts may still be keys
            return None


def column(name: str) -> exp.Column:
    """A released column, qualified: an alias of the same name never stands in for it."""
    return exp.column(name, table=RELEASED, quoted=True)


def _refuse_star(node: exp.Expr) -> exp.Expr:
    raise RefusedError(
        "rows_requested", "a question never returns rows", "name keys and aggregates, as COUNT(*)", quoted(node)
    )
