"""The outer SELECT as a person would write it, without the columns and the nesting that only carry marks."""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.merge_subqueries import merge_subqueries

from hansa_core.sql.clause import DIALECT
from hansa_core.sql.own_tables import registered_name
from hansa_core.sql.statement import GAPS_COLUMN, ROW_COLUMN, OuterSelect, is_released

_HIDDEN = re.compile(rf"(?:{ROW_COLUMN}|{GAPS_COLUMN}(?:_x\d+)?)\d*$")
"""How names end that only find the marks of what is shown."""


def plain_select(outer: OuterSelect) -> exp.Select:
    """A SELECT that gives the columns of `outer`, with own tables under the analyst's names for them.

    Where it unites rows or has subqueries beside them, it is the SELECT that ran, but for its last hidden columns.
    """
    select = sqlglot.parse_one(outer.sql, dialect=DIALECT, into=exp.Select)
    select.set("expressions", select.selects[: len(outer.columns)])
    _name_statistics(select)
    if _keeps_its_nesting(select):
        _name_own_tables(select, outer, drop_aliases=False)
        return select
    _drop_hidden(select)
    _spell_out_stars(select)
    merged = merge_subqueries(select)
    _name_own_tables(merged, outer, drop_aliases=True)
    return merged


def formulas(outer: OuterSelect) -> dict[str, exp.Expr]:
    """What each shown column is computed as from columns of the released and of own tables, by its name."""
    select = plain_select(outer)
    if select.find(exp.CTE) is not None or _keeps_its_nesting(select):
        return {}
    return {one.alias_or_name: _down_to_tables(one.unalias().copy(), select) for one in select.selects}


def _keeps_its_nesting(select: exp.Select) -> bool:
    """Whether it unites rows, or has a subquery beside them: what merges SELECTs would lose track of the names."""
    joins = select.find_all(exp.Join)
    beside = any(isinstance(join.this, exp.Subquery) for join in joins)
    return beside or select.find(exp.SetOperation, exp.Exists) is not None


def _down_to_tables(tree: exp.Expr, select: exp.Select) -> exp.Expr:
    """The expression of `select` with what the SELECTs below compute written out."""
    sources = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]
    below = {one.alias: one.this for one in sources if isinstance(one, exp.Subquery)}

    def written_out(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.table not in below:
            return node
        inner = below[node.table]
        named = next(one for one in inner.selects if one.alias_or_name == node.name)
        found = _down_to_tables(named.unalias().copy(), inner)
        return exp.paren(found, copy=False) if isinstance(found, exp.Binary) else found

    return tree.transform(written_out)


def _name_statistics(tree: exp.Expr) -> None:
    """Statistics over the values of keys as columns of the released table: how cells make them up has its own words."""
    for source in list(tree.find_all(exp.Subquery)):
        if is_released(source.alias) and _has_statistics(source):
            source.replace(exp.to_table(source.alias))


def _has_statistics(source: exp.Subquery) -> bool:
    """Whether it is a released table with statistics beside its cells."""
    joined = [join.this for join in source.this.args.get("joins") or []]
    return any(isinstance(one, exp.Subquery) and one.alias.endswith("_cells") for one in joined)


def _drop_hidden(tree: exp.Expr) -> None:
    for select in list(tree.find_all(exp.Select)):
        shown = [one for one in select.selects if not _HIDDEN.search(one.alias_or_name)]
        select.set("expressions", shown)
    for order in list(tree.find_all(exp.Order)):
        kept = [one for one in order.expressions if not any(_HIDDEN.search(c.name) for c in one.find_all(exp.Column))]
        order.set("expressions", kept)
        if not kept:
            order.pop()


def _spell_out_stars(tree: exp.Expr) -> None:
    """Only a column that has a name can be moved to where it is used: those of `b.*` that are get theirs."""
    for select in list(tree.find_all(exp.Select)):
        star = next((one for one in select.selects if one.is_star), None)
        if star is None:
            continue
        named = {one.alias_or_name for one in select.selects if one is not star}
        used = dict.fromkeys(
            column.name
            for column in tree.find_all(exp.Column)
            if not column.is_star and column.find_ancestor(exp.Select) is not select and column.name not in named
        )
        inner = select.args["from_"].this
        if isinstance(inner, exp.Subquery):
            used = {name: None for name in inner.named_selects if name in used}
        spelt = [exp.column(name, table=inner.alias_or_name, quoted=True).as_(name, quoted=True) for name in used]
        select.set("expressions", [*spelt, *(one for one in select.selects if one is not star)])


def _name_own_tables(tree: exp.Expr, outer: OuterSelect, *, drop_aliases: bool) -> None:
    for name in outer.tables:
        read = [table for table in tree.find_all(exp.Table) if table.name == registered_name(name)]
        aliases = {table.alias: name for table in read} if drop_aliases and len(read) == 1 else {}
        for table in read:
            table.set("this", exp.to_identifier(name, quoted=True))
            if aliases:
                table.set("alias", None)
        for column in tree.find_all(exp.Column):
            if column.table in aliases:
                column.set("table", exp.to_identifier(name, quoted=True))
