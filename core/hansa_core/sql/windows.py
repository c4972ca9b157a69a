"""Window functions over the released table, and the gaps that they stand on."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from hansa_core.contract.column_names import is_aggregate_column
from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.functions import function_name
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

_RANKING = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.PercentRank, exp.CumeDist)
_ORDERED = (*_RANKING, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
_SUMMING = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Count)
OFFERED_WINDOWS = (
    "ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST, NTILE, LAG, LEAD, FIRST_VALUE, LAST_VALUE, NTH_VALUE, and "
    "SUM, AVG, MIN, MAX and COUNT, each with OVER (PARTITION BY … ORDER BY …)"
)


class Windows:
    """The window functions of one SELECT over a relation: each becomes a column of its own.

    `rows`: the relation, whose origins they join. `resolve`: what a name means in it.
    """

    def __init__(self, rows: Relation, resolve: Resolve) -> None:
        self._rows = rows
        self._resolve = resolve
        self._names: dict[str, str] = {}
        self._shown: list[exp.Expr] = []

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """As the relation resolves it, but a window function is the column that holds it."""
        return self._column(node) if isinstance(node, exp.Window) else self._resolve(node)

    def is_window(self, tree: exp.Expr) -> bool:
        """Whether a window function stands in the tree."""
        return any(column.name in self._names.values() for column in tree.find_all(exp.Column))

    def source(self, rows: exp.Expr, where: exp.Expr | None) -> exp.Expr:
        """What stands in FROM: of the rows those that meet the condition, with the windows over them."""
        star = exp.Column(this=exp.Star(), table=exp.to_identifier(self._rows.name, quoted=True))
        select = exp.select(star, *self._shown).from_(rows)
        return subquery(select if where is None else select.where(where), self._rows.name)

    @property
    def are_any(self) -> bool:
        """Whether there is any window function."""
        return bool(self._shown)

    def _column(self, node: exp.Window) -> exp.Expr:
        tree = self._read(node)
        text = tree.sql("duckdb")
        if text not in self._names:
            name = f"w{len(self._names)}"
            self._names[text] = name
            self._shown.append(aliased(tree, name))
            self._rows.origins[name] = self._origin(tree, f"{name}__gaps")
        return self._rows.column(self._names[text])

    def _read(self, node: exp.Window) -> exp.Window:
        function = node.this
        if type(function) not in (*_ORDERED, *_SUMMING):
            raise _not_offered(node, function)
        if any(
            value for name, value in node.args.items() if name not in ("this", "partition_by", "order", "spec", "over")
        ):
            raise refused("unsupported_clause", node, "OVER stands with its own brackets", "write OVER (…)")
        order = node.args.get("order")
        if order is None and isinstance(function, _ORDERED):
            name = function_name(function).upper()
            raise refused("unsupported_clause", node, f"{name} needs an order", f"write {name}(…) OVER (ORDER BY …)")
        return exp.Window(
            this=self._function(function),
            partition_by=[self._scalar(part) for part in node.args.get("partition_by") or ()],
            order=None if order is None else exp.Order(expressions=[self._ordered(one) for one in order.expressions]),
            spec=_frame(node),
        )

    def _function(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Count) and (node.this is None or isinstance(node.this, exp.Star)):
            return exp.Count(this=exp.Star(), big_int=True)
        given = {name: value for name, value in node.args.items() if isinstance(value, exp.Expr)}
        if isinstance(node.this, exp.Distinct) or any(
            value for name, value in node.args.items() if isinstance(value, list)
        ):
            raise refused(
                "unsupported_clause",
                node,
                "a window function takes one value",
                f"write {function_name(node).upper()}(x) OVER (…)",
            )
        for name in ("offset", "default"):
            if name in given and not isinstance(given[name].unnest(), exp.Literal | exp.Neg | exp.Null):
                raise refused("unsupported_clause", node, "LAG and LEAD take literals", "write LAG(x, 1, 0)")
        if isinstance(node, exp.Ntile):
            return exp.Ntile(this=_parts(node))
        return type(node)(
            **{name: self._scalar(value) if name == "this" else value.copy() for name, value in given.items()}
        )

    def _scalar(self, node: exp.Expr) -> exp.Expr:
        return total(read_outer(node, self._resolve).unnest())

    def _ordered(self, node: exp.Expr) -> exp.Ordered:
        if not isinstance(node, exp.Ordered) or node.args.get("with_fill") or isinstance(node.this, exp.Var):
            raise refused(
                "unsupported_clause", node, "ORDER BY takes expressions", "name a column, as in ORDER BY n DESC"
            )
        return exp.Ordered(
            this=self._scalar(node.this),
            desc=bool(node.args.get("desc")),
            nulls_first=bool(node.args.get("nulls_first")),
        )

    def _origin(self, tree: exp.Window, gaps_name: str) -> Origin:
        origin = joined(origin_of([tree], self._rows.origins), self._rows.rows)
        gaps = self._rows.gaps(origin.gaps)
        if gaps is None:
            return Origin(depends_on=origin.depends_on, passes=False)
        self._shown.append(aliased(or_none(self._behind(tree, gaps)), gaps_name))
        return Origin(depends_on=origin.depends_on, gaps=frozenset({gaps_name}), passes=False)

    def _behind(self, tree: exp.Window, gaps: exp.Expr) -> exp.Expr:
        """The gaps of all rows that could have moved the value."""
        parts, order = [part.copy() for part in tree.args["partition_by"]], tree.args["order"]
        if self._is_by_values(parts):  # known only as far as the values are: any row may belong to any partition
            return exp.Window(this=any_gap(gaps), partition_by=[])
        if isinstance(tree.this, _RANKING) or (order is not None and self._is_by_values(order.expressions)):
            return exp.Window(this=any_gap(gaps), partition_by=parts)
        taken = any_gap(gaps)
        if not isinstance(tree.this, _SUMMING):  # it takes the value of one row: the gaps of that very row
            taken = tree.this.copy()
            taken.set("this", gaps)
            taken.set("default", None)
        return exp.Window(this=taken, partition_by=parts, order=order and order.copy(), spec=tree.args["spec"])

    def _is_by_values(self, trees: Iterable[exp.Expr]) -> bool:
        return any(map(is_aggregate_column, origin_of(trees, self._rows.origins).depends_on))


def _parts(node: exp.Ntile) -> exp.Expr:
    """Into how many parts NTILE divides."""
    count = node.this
    if not isinstance(count, exp.Literal) or not _is_bound(count) or not int(str(count.this)):
        raise refused(
            "unsupported_clause", node, "NTILE takes a whole number from 1", "write NTILE(4) OVER (ORDER BY x)"
        )
    return count.copy()


def _frame(node: exp.Window) -> exp.WindowSpec | None:
    spec = node.args.get("spec")
    if spec is None:
        return None
    extras = {name for name, value in spec.args.items() if value} - {"kind", "start", "start_side", "end", "end_side"}
    bounds = (spec.args.get("start"), spec.args.get("end"))
    if extras or spec.args.get("kind") not in ("ROWS", "RANGE") or not all(map(_is_bound, bounds)):
        raise refused(
            "unsupported_clause",
            node,
            "a frame is ROWS or RANGE between whole numbers of rows",
            "write ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
        )
    return exp.WindowSpec(**spec.args)


def _is_bound(bound: object) -> bool:
    if isinstance(bound, exp.Literal):
        return not bound.is_string and str(bound.this).isdigit() and len(str(bound.this)) <= 9
    return bound in (None, "UNBOUNDED", "CURRENT ROW")


def _not_offered(node: exp.Window, function: exp.Expr) -> RefusedError:
    if isinstance(function, exp.IgnoreNulls | exp.RespectNulls):
        remedy = f"write {text_of(function.this)} OVER (…): a withheld value is NULL, and shows as one"
        return refused("unsupported_clause", node, "IGNORE NULLS would pass over withheld values", remedy)
    if isinstance(function, exp.Filter):
        remedy = "write CASE WHEN … THEN x END inside the function"
        return refused("unsupported_clause", node, "a window function has no FILTER", remedy)
    name = function_name(function)
    return refused("unknown_function", node, f"{name}() is no window function here", f"there are {OFFERED_WINDOWS}")
