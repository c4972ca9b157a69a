"""Finds the released column that a node of the SELECT list stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN, GROUPING_COLUMN
from hansa_core.errors import RefusedError
from hansa_core.plan.simplify import simplify
from hansa_core.sql.city import label_text
from hansa_core.sql.clause import quoted, refused
from hansa_core.sql.key_cells import ReleasedCells
from hansa_core.sql.outer_select import Input
from hansa_core.sql.relation import Origin, Relation
from hansa_core.sql.scalar import read_scalar
from hansa_core.sql.source import StatementSource
from hansa_core.sql.statement import GAPS_COLUMN, ROW_COLUMN


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The table that one question of a statement releases, as its SELECT sees it.

    `cells`: those that are shown. `labels`: text of a key over `city` to column. `aggregates`: identity of the
    aggregate's node to column.
    """

    source: StatementSource
    cells: ReleasedCells
    labels: Mapping[str, str]
    aggregates: Mapping[int, str]

    def as_input(self) -> Input:
        """The released table as what a SELECT list is computed over."""
        names = dict.fromkeys([*self.cells.columns, GROUPING_COLUMN])
        origins = {
            name: Origin(depends_on=frozenset({name}), row=ROW_COLUMN, gaps=frozenset({GAPS_COLUMN})) for name in names
        }
        origins |= {one.name: one.origin for one in self.cells.statistics.values()}
        return Input(
            columns=Relation(name=self.cells.table, origins=origins, rows=self._rows),
            resolve=self.resolve,
            source=self.cells.source,
            is_answer=True,
        )

    @property
    def _rows(self) -> Origin:
        """What decides how many rows it has: without any key there is one, whoever answers."""
        keys = frozenset(self.cells.cell)
        return Origin(depends_on=keys, gaps=frozenset({GAPS_COLUMN}) if keys else frozenset(), passes=False)

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """The released column or aliased expression for the node; None where its parts have to be looked at."""
        if id(node) in self.cells.statistics:
            return self.cells.column(self.cells.statistics[id(node)].name)
        if id(node) in self.aggregates:
            return self.cells.column(self.aggregates[id(node)])
        if isinstance(node, exp.Grouping):
            return self._grouping(node)
        if self.source.is_city(node):
            return self._city(node)
        key = self.labels.get(label_text(node, self.source)) if self.labels else None
        key = key or self._key(node)
        if key is not None:
            return self.cells.column(key)
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None if not isinstance(node, exp.Column) else _refuse_star(node)
        name = self.source.column(node).name
        raise refused(
            "not_grouped",
            node,
            f"{name} is neither a key nor inside an aggregate",
            f"add {name} to GROUP BY, or aggregate it",
        )

    def _grouping(self, node: exp.Grouping) -> exp.Expr:
        """One bit per key, the last one lowest: 1 in the rows that are totals over it."""
        names = [self._name_of(key) for key in node.expressions]
        if not names or len(names) > 8 or None in names:
            raise refused(
                "not_grouped",
                node,
                "GROUPING takes keys of ROLLUP, CUBE or GROUPING SETS",
                "name a key, as in GROUPING(a)",
            )
        bits = [
            sum((name not in kept) << bit for bit, name in enumerate(reversed(names)))
            for kept in self.cells.kept.values()
        ]
        if len(bits) == 1:
            return exp.Literal.number(0)
        arms = [
            exp.If(this=exp.Literal.number(number), true=exp.Literal.number(value))
            for number, value in zip(self.cells.kept, bits, strict=True)
        ]
        return exp.Case(this=self.cells.column(GROUPING_COLUMN), ifs=arms)

    def _city(self, node: exp.Expr) -> exp.Expr:
        if CITY_COLUMN in self.cells.cities:
            return self.cells.column(CITY_COLUMN)
        if CITY_COLUMN in self.labels:
            return self.cells.column(self.labels[CITY_COLUMN])
        raise refused(
            "city_misplaced", node, "city stands in SELECT only where the cities are kept apart", "add city to GROUP BY"
        )

    def _name_of(self, key: exp.Expr) -> str | None:
        """The released column of a key that may be a total."""
        label = self.labels.get(label_text(key, self.source))
        return label or (None if self.source.is_city(key) else self._key(key))

    def _key(self, node: exp.Expr) -> str | None:
        if not self.cells.keys or isinstance(node, exp.Literal | exp.Boolean | exp.Null) or node.find(exp.AggFunc):
            return None
        try:
            return self.cells.keys.get(simplify(read_scalar(node, self.source)))
        except RefusedError:  # it is no expression of the question language: its parts may still be keys
            return None


def _refuse_star(node: exp.Expr) -> exp.Expr:
    raise RefusedError(
        "rows_requested", "a question never returns rows", "name keys and aggregates, as COUNT(*)", quoted(node)
    )
