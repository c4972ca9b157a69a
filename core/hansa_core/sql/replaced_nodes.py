"""Replaces nodes in what a question selects, keeps and orders by; its columns keep their names."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from hansa_core.sql.clause import text_of
from hansa_core.sql.written import written

CLAUSES = ("having", "qualify", "order")
"""The clauses over aggregates, beside the SELECT list."""


def with_nodes_replaced(select: exp.Select, replace: Callable[[exp.Expr], exp.Expr]) -> exp.Select:
    """A copy in which each node is what `replace` makes of it."""
    plain = select.copy()
    plain.set("expressions", [_named(item, item.transform(replace)) for item in plain.expressions])
    for name in CLAUSES:
        if plain.args.get(name):
            plain.set(name, plain.args[name].transform(replace))
    return plain


def _named(item: exp.Expr, replaced: exp.Expr) -> exp.Expr:
    """An item that was replaced is called as it was written, unless it has a name."""
    if isinstance(item, exp.Alias | exp.Column) or replaced == item:
        return replaced
    return exp.alias_(replaced, written(item) or text_of(item), quoted=True)
