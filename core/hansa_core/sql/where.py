"""Checks that WHERE names columns of the cities, and none of the answer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from hansa_core.nearest import shown
from hansa_core.sql.aggregates import find_aggregates
from hansa_core.sql.clause import quoted, refused
from hansa_core.sql.keys import SelectItem
from hansa_core.sql.source import StatementSource


def check_where(where: exp.Where | None, items: Iterable[SelectItem], source: StatementSource) -> None:
    """Refuse a name that SELECT gives: rows are chosen before it exists. A column of the contract goes first."""
    if where is None:
        return
    own = {name.lower() for name in source.contract.columns}
    named = {item.alias.lower(): item.node for item in items if item.alias}
    for node in where.find_all(exp.Column):
        name = node.name.lower()
        if name in named and name not in own and not node.table and not source.is_city(node):
            rule = f"{shown(node.name)} is a name that SELECT gives, and WHERE chooses rows before it exists"
            raise refused("unknown_column", node, rule, _remedy(named[name]))


def _remedy(value: exp.Expr) -> str:
    if value.find(exp.Window) is not None:
        return "write the condition in QUALIFY"
    return "write the condition in HAVING" if find_aggregates(value) else f"write {quoted(value)} in its place"
