"""GROUP BY over a relation of the outer statement: aggregates of what the cities released."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.functions import function_name
from hansa_core.sql.keys import SelectItem, select_item
from hansa_core.sql.outer_scalar import Resolve, read_outer
from hansa_core.sql.relation import (
    Origin,
    Relation,
    aliased,
    any_gap,
    joined,
    or_none,
    origin_of,
    subquery,
    total,
)

_AGGREGATES: dict[type[exp.Expr], type[exp.Expr]] = {
    **{kind: kind for kind in (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Median)},
    exp.Stddev: exp.StddevSamp,
    exp.StddevSamp: exp.StddevSamp,
    exp.Variance: exp.Variance,
}
_OFFERED = "COUNT, SUM, AVG, MIN, MAX, MEDIAN, STDDEV_SAMP and VAR_SAMP, each with FILTER (WHERE …)"
_GROUPED = "g"


def is_grouped(select: exp.Select, items: Sequence[SelectItem]) -> bool:
    """Whether the SELECT aggregates: by GROUP BY or HAVING, or by an aggregate outside of OVER."""
    return bool(select.args.get("group") or select.args.get("having")) or any(_aggregates(item.node) for item in items)


def _aggregates(node: exp.Expr) -> bool:
    if isinstance(node, exp.Window):
        inner = [*node.this.iter_expressions(), *(child for child in node.iter_expressions() if child is not node.this)]
        return any(_aggregates(child) for child in inner)
    if isinstance(node, exp.AggFunc | exp.Filter | exp.WithinGroup):
        return True
    return not isinstance(node, exp.Query | exp.Subquery) and any(map(_aggregates, node.iter_expressions()))


def _computes(node: exp.Expr) -> bool:
    return _aggregates(node) or node.find(exp.Window) is not None


class Groups:
    """The groups of one SELECT: each key and each aggregate becomes a column.

    `resolve`: what a name means in the rows that are grouped.
    """

    def __init__(self, select: exp.Select, items: Sequence[SelectItem], rows: Relation, resolve: Resolve) -> None:
        self._rows = rows
        self._resolve = resolve
        self._names: dict[str, str] = {}
        self._shown: list[exp.Expr] = []
        self._hidden: dict[frozenset[str], str] = {}
        self.columns = Relation(name=_GROUPED, origins={})
        self._keys = {tree.sql("duckdb"): tree for tree in map(self._key, self._written(select, items))}
        for index, (text, tree) in enumerate(self._keys.items()):
            self._add(text, f"g{index}", tree, total(tree))
        if self._keys:  # without keys there is one group, whatever rows there are
            self.columns.rows = Origin(depends_on=rows.rows.depends_on, gaps=self._gaps(rows.rows), passes=False)

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """The column of a key or an aggregate; None where the parts have to be looked at."""
        if isinstance(node, exp.AggFunc | exp.Filter | exp.WithinGroup | exp.IgnoreNulls):
            return self._aggregate(node)
        if isinstance(node, exp.Literal | exp.Boolean | exp.Null | exp.Star) or _aggregates(node):
            return None
        if not isinstance(node, exp.Column) and not self._keys:
            return None
        try:
            text = read_outer(node, self._resolve).unnest().sql("duckdb")
        except RefusedError:
            if isinstance(node, exp.Column):
                raise
            return None
        if text in self._keys:
            return self.columns.column(self._names[text])
        if isinstance(node, exp.Column):
            name = node.name
            remedy = f"add {name} to GROUP BY, or aggregate it"
            raise refused("not_grouped", node, f"{name} is neither a key nor inside an aggregate", remedy)
        return None

    @property
    def keys(self) -> Origin:
        """What decides which group a row is in."""
        return origin_of(self._keys.values(), self._rows.origins)

    def source(self, rows: exp.Expr) -> exp.Expr:
        """What stands in FROM: one row per group."""
        gaps = [aliased(or_none(any_gap(self._rows.gaps(names))), name) for names, name in self._hidden.items()]
        shown = self._shown or [aliased(exp.Count(this=exp.Star(), big_int=True), "rows")]
        select = exp.select(*shown, *gaps).from_(rows)
        if self._keys:
            select = select.group_by(*(exp.Literal.number(index + 1) for index in range(len(self._keys))))
        return subquery(select, _GROUPED)

    def _written(self, select: exp.Select, items: Sequence[SelectItem]) -> list[exp.Expr]:
        group = select.args.get("group")
        if group is None:
            return []
        if group.args.get("all"):
            return [item.node for item in items if item.node.find(exp.Column) and not _computes(item.node)]
        plain = all(not isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets) for node in group.expressions)
        if not plain or any(value for name, value in group.args.items() if name not in ("expressions", "all")):
            remedy = "roll up in the SELECT over the contract: GROUP BY ROLLUP (a, b)"
            raise refused("unsupported_clause", group, "totals are computed by the cities", remedy)
        aliases = {item.alias.lower(): item.node for item in items if item.alias}
        return [self._referred(node.unnest(), items, aliases) for node in group.expressions]

    def _referred(self, node: exp.Expr, items: Sequence[SelectItem], aliases: dict[str, exp.Expr]) -> exp.Expr:
        if isinstance(node, exp.Literal) and not node.is_string:
            return select_item(items, node).node.unnest()
        if isinstance(node, exp.Column) and not node.table and node.name.lower() in aliases:
            try:
                self._resolve(node)
            except RefusedError:
                return aliases[node.name.lower()].unnest()
        return node

    def _key(self, node: exp.Expr) -> exp.Expr:
        if _computes(node):
            raise refused("cannot_split", node, "a key is no aggregate", "aggregate in a CTE, and group its columns")
        return read_outer(node, self._resolve).unnest()

    def _aggregate(self, node: exp.Expr) -> exp.Expr:
        call = node.this if isinstance(node, exp.Filter) else node
        kind = _AGGREGATES.get(type(call))
        if kind is None:
            name = function_name(call)
            rule = f"{name}() is not offered over the answer"
            raise refused("unknown_function", node, rule, f"the aggregates over it are {_OFFERED}")
        tree = self._call(kind, call)
        if isinstance(node, exp.Filter):
            where = total(read_outer(node.expression.this, self._resolve).unnest())
            tree = exp.Filter(this=tree, expression=exp.Where(this=where))
        text = tree.sql("duckdb")
        if text not in self._names:
            self._add(text, f"x{len(self._names)}", tree, tree)
        return self.columns.column(self._names[text])

    def _call(self, kind: type[exp.Expr], call: exp.Expr) -> exp.Expr:
        argument = call.this
        if kind is exp.Count and (argument is None or isinstance(argument, exp.Star)):
            return exp.Count(this=exp.Star(), big_int=True)
        distinct = isinstance(argument, exp.Distinct)
        given = argument.expressions if distinct else [argument, *call.expressions]
        if (
            len(given) != 1
            or (distinct and kind is not exp.Count)
            or any(value for name, value in call.args.items() if name not in ("this", "expressions", "big_int"))
        ):
            raise refused(
                "unsupported_clause",
                call,
                "an aggregate over the answer takes one value",
                f"write {text_of(kind(this=exp.column('x')))}",
            )
        value = total(read_outer(given[0], self._resolve).unnest())
        if distinct:
            return exp.Count(this=exp.Distinct(expressions=[value]), big_int=True)
        return exp.Count(this=value, big_int=True) if kind is exp.Count else kind(this=value)

    def _add(self, text: str, name: str, tree: exp.Expr, shown: exp.Expr) -> None:
        self._names[text] = name
        self._shown.append(aliased(shown.copy(), name))
        origin = origin_of([tree], self._rows.origins)
        if name.startswith("x"):
            origin = joined(origin, self._rows.rows)
        gaps = self._gaps(origin)
        self.columns.origins[name] = Origin(depends_on=origin.depends_on, gaps=gaps, passes=origin.passes)

    def _gaps(self, origin: Origin) -> frozenset[str]:
        """The hidden column with the gaps of all rows of a group that are behind a value."""
        if not origin.gaps:
            return origin.gaps
        return frozenset({self._hidden.setdefault(origin.gaps, f"__gaps{len(self._hidden)}")})
