"""FROM of a SELECT over the answer: the tables that it joins and the columns that they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.sql.clause import chain, refused
from hansa_core.sql.outer_scalar import read_outer
from hansa_core.sql.relation import (
    OF_NO_CELLS,
    Origin,
    Relation,
    aliased,
    joined,
    or_none,
    origin_of,
    subquery,
    table_as,
    total,
)

ROWS = "b"
"""How the rows that FROM joins are named inside the outer statement."""

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.Is, exp.Between, exp.Null)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTable:
    """A table that FROM may name. `name`: of the CTE or registered table behind it. `rows`: what decides how many rows
    it has.
    """

    name: str
    origins: Mapping[str, Origin]
    rows: Origin = OF_NO_CELLS


@dataclass(slots=True, kw_only=True)
class JoinedRows:
    """The rows behind FROM, its joins read one by one.

    `columns`: the relation that the rest of the SELECT reads. `decided_by`: each join's condition, and what it depends
    on.
    """

    columns: Relation = field(default_factory=lambda: Relation(name=ROWS, origins={}))
    decided_by: list[tuple[exp.Expr, Origin]] = field(default_factory=list)
    _places: dict[str, dict[str, str]] = field(default_factory=dict)  # qualifier -> name -> column of ROWS
    _merged: set[tuple[str, str]] = field(default_factory=set)  # joined by USING: another column stands for it
    _both: dict[str, str] = field(default_factory=dict)  # name joined by USING in a FULL JOIN -> column for both sides
    _right: dict[str, str] = field(default_factory=dict)  # name joined by USING in a RIGHT JOIN -> its right side
    _shown: list[exp.Expr] = field(default_factory=list)
    _inner: dict[str, exp.Expr] = field(default_factory=dict)  # column of ROWS -> column of a joined table
    _from: exp.Select = field(default_factory=exp.Select)

    def read(self, select: exp.Select, find: Callable[[exp.Expr], JoinedTable]) -> None:
        """Read FROM and its joins; without FROM there is one row of no columns. Raises RefusedError."""
        if select.args.get("from_") is None:
            return
        first = select.args["from_"].this
        self._from = self._from.from_(self._enter(first, find(first)))
        for join in select.args.get("joins") or ():
            self._join(join, find(join.this))

    def source(self, where: exp.Expr | None) -> exp.Expr:
        """What stands in FROM: the joined rows that meet the condition."""
        joined = self._from.select(*(self._shown or [aliased(exp.Literal.number(1), ROWS)]))
        return subquery(joined if where is None else joined.where(total(self.inward(where))), ROWS)

    def inward(self, tree: exp.Expr) -> exp.Expr:
        """The expression over the joined tables themselves, for use in their own SELECT."""
        return tree.transform(lambda node: self._inner[node.name].copy() if isinstance(node, exp.Column) else node)

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """The column that the node names; None where it names none itself."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        if node.args.get("db"):
            raise refused("unknown_column", node, "a column has one table in front at most", "write table.column")
        qualifier, name = node.table.lower(), node.name.lower()
        if qualifier and qualifier not in self._places:
            rule = f"no table is called {shown(node.table)} here"
            raise refused("unknown_column", node, rule, nearest(qualifier, self._places))
        if not qualifier and name in self._both:
            return self.columns.column(self._both[name])
        found = [
            columns[name]
            for table, columns in self._places.items()
            if name in columns and (qualifier == table if qualifier else (table, name) not in self._merged)
        ]
        if len(found) == 1:
            return self.columns.column(found[0])
        if found:
            tables = " or ".join(f"{table}.{name}" for table, columns in self._places.items() if name in columns)
            raise refused("unknown_column", node, f"{shown(node.name)} is in several tables", f"write {tables}")
        known = {name for table, columns in self._places.items() if qualifier in ("", table) for name in columns}
        raise refused("unknown_column", node, f"{shown(node.name)} is no column here", nearest(name, known))

    def star(self, node: exp.Expr) -> list[exp.Column]:
        """The columns behind * or table.*, as an analyst would write them one by one."""
        star = node.this if isinstance(node, exp.Column) else node
        qualifier = node.table.lower() if isinstance(node, exp.Column) else ""
        if any(star.args.values()) or (qualifier and qualifier not in self._places):
            raise refused("unsupported_clause", node, "* stands for all columns", "write *, or name the columns")
        shown: dict[tuple[str, str], exp.Column] = {}
        for table, columns in self._places.items():
            for name, column in columns.items():
                if qualifier not in ("", table):
                    continue
                stands = (table, name) if qualifier else self._stands_for(table, name)
                if stands is not None and stands not in shown:
                    written = self._inner[column].name
                    shown[stands] = exp.column(written, table=stands[0] or None, quoted=True)
        return list(shown.values())

    def _stands_for(self, table: str, name: str) -> tuple[str, str] | None:
        """The column that * shows in place of one: of those joined by USING one alone, where the first of them is."""
        if (table, name) not in self._merged:
            return table, name
        if name in self._both:
            return "", name
        return (self._right[name], name) if name in self._right else None

    def _enter(self, node: exp.Expr, table: JoinedTable) -> exp.Expr:
        qualifier = (node.alias or node.name or f"subquery {len(self._places)}").lower()
        if qualifier in self._places:
            rule = f"two tables are called {shown(qualifier)}"
            raise refused("unsupported_clause", node, rule, "give each its own name: FROM q AS a CROSS JOIN q AS b")
        place = f"t{len(self._places)}"
        hidden: dict[str, str] = {}
        self._places[qualifier] = {}
        for name, origin in table.origins.items():
            column = f"c{len(self.columns.origins)}"
            self._places[qualifier][name.lower()] = column
            self._inner[column] = exp.column(name, table=place, quoted=True)
            self._shown.append(aliased(self._inner[column].copy(), column))
            self.columns.origins[column] = Origin(
                depends_on=origin.depends_on,
                row=None if origin.row is None else self._hide(origin.row, place, hidden, is_row=True),
                gaps=frozenset(self._hide(one, place, hidden, is_row=False) for one in sorted(origin.gaps)),
                passes=origin.passes,
                rounds=origin.rounds,
            )
        behind = frozenset(self._hide(one, place, hidden, is_row=False) for one in sorted(table.rows.gaps))
        entered = Origin(depends_on=table.rows.depends_on, gaps=behind)
        self.columns.rows = joined(self.columns.rows, entered)
        return table_as(table.name, place)

    def _hide(self, name: str, place: str, hidden: dict[str, str], *, is_row: bool) -> str:
        if name not in hidden:
            hidden[name] = f"{place}{name}"
            column = exp.column(name, table=place, quoted=True)
            # A LEFT JOIN without a match is no gap.
            self._shown.append(aliased(column if is_row else or_none(column), hidden[name]))
        return hidden[name]

    def _join(self, join: exp.Join, table: JoinedTable) -> None:
        side, kind = (str(join.args.get(name) or "").upper() for name in ("side", "kind"))
        condition, using = join.args.get("on"), join.args.get("using") or []
        known = {"this", "side", "kind", "on", "using"}
        extras = {name for name, value in join.args.items() if value} - known
        if extras or side not in ("", "LEFT", "RIGHT", "FULL") or kind not in ("", "INNER", "OUTER", "CROSS"):
            remedy = "write JOIN, LEFT, RIGHT, FULL or CROSS JOIN, with ON or USING"
            raise refused("unsupported_clause", join, "this kind of join is not offered", remedy)
        is_cross = kind == "CROSS" or not (condition or using or side or kind)
        if is_cross == bool(condition or using):
            raise refused(
                "unsupported_clause", join, "a join has ON or USING, a CROSS JOIN neither", "write JOIN … USING (x)"
            )
        left = dict(self._places)
        source = self._enter(join.this, table)
        parts = [] if is_cross else self._conditions(join, condition, using, left)
        for part in parts:
            origin = origin_of([part], self.columns.origins)
            if origin.depends_on:
                self.decided_by.append((join, origin))
        if is_cross:
            self._from = self._from.join(source, join_type="cross")
        else:
            on = exp.and_(*(self.inward(_raw(part)) for part in parts))
            self._from = self._from.join(source, on=on, join_type=side.lower() or "inner")
            if side == "FULL":
                self._unite(using, left)

    def _conditions(
        self, join: exp.Join, condition: exp.Expr | None, using: list[exp.Expr], left: Mapping[str, dict[str, str]]
    ) -> list[exp.Expr]:
        if condition is not None:
            if condition.find(exp.AggFunc, exp.Window, exp.Query):
                rule, remedy = "a join compares columns", "aggregate in a CTE, and join its columns"
                raise refused("cannot_split", join, rule, remedy)
            return [read_outer(part, self.resolve).unnest() for part in chain(condition, exp.And)]
        qualifier = list(self._places)[-1]
        parts: list[exp.Expr] = []
        for identifier in using:
            name = identifier.name.lower()
            # The first table that has it: later ones joined by USING hold the same value, or NULL.
            mine = self._both.get(name) or self._first(name, left)
            theirs = self._places[qualifier].get(name)
            if mine is None or theirs is None:
                known = set(self._places[qualifier]).intersection(*map(set, left.values()))
                rule = f"{shown(identifier.name)} is not a column of both tables"
                raise RefusedError("unknown_column", rule, nearest(name, known), f"USING ({identifier.name})")
            if str(join.args.get("side") or "").upper() == "RIGHT":  # only the right side has it in every row
                self._merged |= {(table, name) for table in left}
                self._both.pop(name, None)
                self._right[name] = qualifier
            else:
                self._merged.add((qualifier, name))
            parts.append(exp.EQ(this=self.columns.column(mine), expression=self.columns.column(theirs)))
        return parts

    def _first(self, name: str, left: Mapping[str, dict[str, str]]) -> str | None:
        """The column of the first table on the left that has the name, and for which no other stands."""
        found = [(table, columns[name]) for table, columns in left.items() if name in columns]
        free = [column for table, column in found if (table, name) not in self._merged]
        return next(iter(free or [column for _, column in found]), None)

    def _unite(self, using: list[exp.Expr], left: Mapping[str, dict[str, str]]) -> None:
        """One column for both sides of a FULL JOIN: each has rows that the other has not."""
        right = list(self._places)[-1]
        for identifier in using:
            name = identifier.name.lower()
            sides = [self._both.get(name) or self._first(name, left) or "", self._places[right][name]]
            tree = exp.Coalesce(this=self._inner[sides[0]].copy(), expressions=[self._inner[sides[1]].copy()])
            column = f"c{len(self.columns.origins)}"
            self.columns.origins[column] = origin_of([self.columns.column(one) for one in sides], self.columns.origins)
            self._inner[column] = tree
            self._shown.append(aliased(tree.copy(), column))
            self._both[name] = column
            self._merged |= {(table, name) for table in (*left, right)}


def _raw(part: exp.Expr) -> exp.Expr:
    """Without TRY where nothing is computed, so that DuckDB can join by hash instead of trying every pair."""
    sides = [side.unnest() for side in part.iter_expressions()]
    plain = isinstance(part, _COMPARISONS) and all(
        isinstance(side, exp.Column | exp.Literal | exp.Null) for side in sides
    )
    return part if plain else total(part)
