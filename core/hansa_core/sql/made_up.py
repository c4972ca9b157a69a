"""Rewrites what other aggregates make up: BOOL_AND, COUNT_IF, COUNT(DISTINCT CASE …), and keys asked for alone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hansa_core.sql.aggregates import find_aggregates
from hansa_core.sql.functions import OFFERED, function_name
from hansa_core.sql.replaced_nodes import CLAUSES, with_nodes_replaced
from hansa_core.sql.rewrites import single_branch

_MADE_UP = (exp.LogicalAnd, exp.LogicalOr, exp.CountIf)


def plain_aggregates(select: exp.Select) -> exp.Select:
    """The same question with the aggregates that the cities compute; its columns keep their names."""
    if not _are_keys_alone(select) and not any(map(_is_made_up, _nodes(select))):
        return select
    plain = select.copy()
    if _are_keys_alone(plain):
        _count_rows_of_keys(plain)
    return with_nodes_replaced(plain, _plain)


def _nodes(select: exp.Select) -> Iterator[exp.Expr]:
    return (node for tree in _trees(select) for node in tree.walk())


def _is_made_up(node: exp.Expr) -> bool:
    return isinstance(node, _MADE_UP) or _is_every(node) or _case_of_distinct(node) is not None


def _trees(select: exp.Select) -> list[exp.Expr]:
    return [*select.expressions, *(select.args[name] for name in CLAUSES if select.args.get(name))]


def _plain(node: exp.Expr) -> exp.Expr:
    """BOOL_AND is that no row says no, BOOL_OR that one says yes; both are NULL where no row says either."""
    made_up, condition = (node.this, node.expression.this) if isinstance(node, exp.Filter) else (node, None)
    case = _case_of_distinct(made_up)
    if case is not None:
        counted = exp.Count(this=exp.Distinct(expressions=[case[1].copy()]), big_int=True)
        return _filtered(counted, case[0], condition)
    if not isinstance(made_up, _MADE_UP) and not _is_every(made_up):
        return node
    said = made_up.expressions[0] if _is_every(made_up) else made_up.this
    if isinstance(made_up, exp.CountIf):
        return _counted(said, condition)
    is_known = exp.Not(this=exp.Is(this=exp.paren(said), expression=exp.Null()))
    unknown = exp.EQ(this=_counted(is_known, condition), expression=_ZERO.copy())
    if isinstance(made_up, exp.LogicalOr):
        holds: exp.Expr = exp.GT(this=_counted(said, condition), expression=_ZERO.copy())
    else:
        holds = exp.EQ(this=_counted(exp.Not(this=exp.paren(said)), condition), expression=_ZERO.copy())
    return exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=holds)


_ZERO = exp.Literal.number(0)


def _counted(said: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    return _filtered(exp.Count(this=exp.Star(), big_int=True), said, condition)


def _filtered(aggregate: exp.Expr, said: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    both = said.copy() if condition is None else exp.and_(condition.copy(), said.copy())
    return exp.Filter(this=aggregate, expression=exp.Where(this=both))


def _is_every(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and function_name(node) == "every" and len(node.expressions) == 1


def _case_of_distinct(node: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """The condition and the value of COUNT(DISTINCT CASE WHEN p THEN x END)."""
    if not isinstance(node, exp.Count) or not isinstance(node.this, exp.Distinct) or len(node.this.expressions) != 1:
        return None
    branch = single_branch(node.this.expressions[0].unnest())
    return None if branch is None or branch[2] is not None else branch[:2]


def _are_keys_alone(select: exp.Select) -> bool:
    """Whether it asks which keys there are, and nothing about their rows."""
    items = select.expressions
    if not (select.args.get("distinct") or select.args.get("group")) or any(map(find_aggregates, _trees(select))):
        return False
    if select.find(exp.Star, exp.Subquery, exp.Window, exp.Grouping) or not any(
        item.find(exp.Column) for item in items
    ):
        return False
    calls = (call for item in items for call in item.find_all(exp.Anonymous))
    return all(function_name(call) in OFFERED for call in calls) and not any(_on(select))


def _on(select: exp.Select) -> list[object]:
    distinct = select.args.get("distinct")
    return [distinct.args["on"]] if distinct and distinct.args.get("on") else []


def _count_rows_of_keys(select: exp.Select) -> None:
    """SELECT DISTINCT k is GROUP BY k, over the cells that hold a row."""
    if select.args.get("group") is None:
        keys = [item.unalias() for item in select.expressions if item.find(exp.Column)]
        select.set("group", exp.Group(expressions=[key.copy() for key in keys]))
        select.set("distinct", None)
    held = exp.GT(this=exp.Count(this=exp.Star(), big_int=True), expression=_ZERO.copy())
    having = select.args.get("having")
    select.set("having", exp.Having(this=held if having is None else exp.and_(having.this, held)))
