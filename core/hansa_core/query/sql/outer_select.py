"""Builds the SELECT that shapes the released table: the analyst's list, order and limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from hansa_core.query.column_names import aggregate_column, key_column
from hansa_core.query.plan import Plan
from hansa_core.query.sql.clause import DIALECT, refused, text_of
from hansa_core.query.sql.keys import SelectItem, select_item
from hansa_core.query.sql.outer_scalar import read_outer
from hansa_core.query.sql.released import Released, column
from hansa_core.query.sql.shape import row_count
from hansa_core.query.sql.statement import RELEASED, ROW_COLUMN, OuterColumn, OuterSelect


def build_outer(select: exp.Select, items: Sequence[SelectItem], released: Released, plan: Plan) -> OuterSelect:
    """The outer SELECT of a statement. Raises RefusedError for what is not offered over the answer."""
    trees = [read_outer(item.node, released.resolve).unnest() for item in items]
    names = _distinct_names(items)
    shown = [exp.alias_(_total(tree), name, quoted=True) for tree, name in zip(trees, names, strict=True)]
    outer = exp.select(*shown, exp.alias_(column(ROW_COLUMN), ROW_COLUMN, quoted=True)).from_(
        exp.to_table(RELEASED, quoted=True)
    )
    # The row's number last: equal rows keep the order of the merge, so that LIMIT always gives the same ones.
    outer = outer.order_by(*_orderings(select, items, trees, released), column(ROW_COLUMN))
    limit, offset = row_count(select, "limit"), row_count(select, "offset")
    outer = outer if limit is None else outer.limit(limit)
    outer = outer if offset is None else outer.offset(offset)
    return OuterSelect(
        sql=outer.sql(DIALECT, comments=False),
        columns=tuple(_outer_column(name, tree) for name, tree in zip(names, trees, strict=True)),
        key_columns=tuple(key_column(index) for index in range(len(plan.keys))),
        aggregate_columns=tuple(aggregate_column(index) for index in range(len(plan.aggregates))),
    )


def _total(tree: exp.Expr) -> exp.Expr:
    """The expression, NULL where DuckDB would raise an error: overflow, a bad cast, the logarithm of 0."""
    return tree if isinstance(tree, exp.Column) else exp.Try(this=tree)


def _orderings(
    select: exp.Select, items: Sequence[SelectItem], trees: Sequence[exp.Expr], released: Released
) -> list[exp.Ordered]:
    order = select.args.get("order")
    if order is None:
        return []
    aliases = {item.alias.lower(): tree for item, tree in zip(items, trees, strict=True) if item.alias}
    named = replace(released, aliases=aliases)
    return [_ordered(node, items, trees, named) for node in order.expressions]


def _ordered(node: exp.Expr, items: Sequence[SelectItem], trees: Sequence[exp.Expr], released: Released) -> exp.Ordered:
    subject = node.this.unnest() if isinstance(node, exp.Ordered) else node
    if not isinstance(node, exp.Ordered) or node.args.get("with_fill") or isinstance(subject, exp.Var):
        raise refused(
            "unsupported_clause", node, "ORDER BY takes expressions", "name a column, as in ORDER BY 1 DESC NULLS LAST"
        )
    if isinstance(subject, exp.Literal) and not subject.is_string:
        tree = trees[items.index(select_item(items, subject))]
    elif isinstance(subject, exp.Column) and not subject.table and subject.name.lower() in released.aliases:
        tree = released.aliases[subject.name.lower()]  # an alias goes before a column of that name, as in DuckDB
    else:
        tree = read_outer(subject, released.resolve).unnest()
    return exp.Ordered(
        this=_total(tree.copy()), desc=bool(node.args.get("desc")), nulls_first=bool(node.args.get("nulls_first"))
    )


def _outer_column(name: str, tree: exp.Expr) -> OuterColumn:
    return OuterColumn(
        name=name,
        depends_on=tuple(sorted({found.name for found in tree.find_all(exp.Column)})),
        passes_through=isinstance(tree, exp.Column),
    )


def _distinct_names(items: Sequence[SelectItem]) -> list[str]:
    """The alias or the text of each item, made unique in any case of letters."""
    taken = {ROW_COLUMN}
    names = []
    for item in items:
        node = item.node
        wanted = item.alias or (node.name if isinstance(node, exp.Column) else text_of(node, functions="lower"))
        name, number = wanted, 0
        while name.lower() in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names
