"""UNION, INTERSECT and EXCEPT of SELECTs of the outer statement: rows of two tables by the place of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused
from hansa_core.sql.outer_from import JoinedTable
from hansa_core.sql.outer_select import Built, decides, once
from hansa_core.sql.relation import Origin, Relation, aliased, joined, or_none, subquery, table_as
from hansa_core.sql.statement import Selection

_LEFT, _RIGHT, _BOTH = "l", "r", "u"
_WORDS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def check_set_operation(node: exp.SetOperation) -> None:
    """Refuse what a set operation has and we do not offer."""
    word = _WORDS[type(node)]
    if node.args.get("by_name") or node.args.get("on") or node.args.get("side") or node.args.get("kind"):
        rule, field = f"{word} matches columns by their place", f"{word} BY NAME"
        raise RefusedError("unsupported_clause", rule, "leave BY NAME out", field)
    if not isinstance(node, exp.Union) and not node.args.get("distinct", True):
        raise RefusedError("unsupported_clause", f"{word} ALL is not offered", f"write {word}", f"{word} ALL")


def combined(node: exp.SetOperation, left: JoinedTable, right: JoinedTable, selections: list[Selection]) -> Built:
    """The rows of the one and the other table; what decides which there are is added to `selections`."""
    word = _WORDS[type(node)]
    if len(left.origins) != len(right.origins):
        numbers = f"{len(left.origins)} and {len(right.origins)}"
        rule = f"both sides of {word} have the same columns by place, and these have {numbers}"
        raise RefusedError("unsupported_clause", rule, "select as many on both sides, NULL where there is none", word)
    if not isinstance(node, exp.Union):
        return once(_matched(node, left, right, selections), _BOTH)
    both = _below(left, right)
    if not node.args.get("distinct"):
        return both
    decides(node, joined(*both.origins.values(), both.rows), selections, word)
    return once(both, _BOTH)


def _below(left: JoinedTable, right: JoinedTable) -> Built:
    """All rows of both; each value keeps the row or the gaps behind it."""
    origins: dict[str, Origin] = {}
    sides: tuple[list[exp.Expr], list[exp.Expr]] = ([], [])
    hidden: list[tuple[str, exp.Expr, exp.Expr]] = []
    for place, (name, one, other) in enumerate(
        zip(left.origins, left.origins.values(), right.origins.values(), strict=True)
    ):
        for trees, table, alias in ((sides[0], left, _LEFT), (sides[1], right, _RIGHT)):
            trees.append(aliased(exp.column(list(table.origins)[place], table=alias, quoted=True), name))
        origin = joined(one, other)
        gaps, row = frozenset[str](), None
        if origin.gaps:
            gaps = frozenset({f"__gaps{place}"})
            hidden.append((f"__gaps{place}", _gaps(_LEFT, one), _gaps(_RIGHT, other)))
        if all(side.row is not None or not side.depends_on for side in (one, other)) and origin.depends_on:
            row = f"__row{place}"
            hidden.append((row, _row(_LEFT, one), _row(_RIGHT, other)))
        passes = one.passes and other.passes and one.depends_on == other.depends_on
        origins[name] = Origin(depends_on=origin.depends_on, row=row, gaps=gaps, passes=passes)
    rows = joined(left.rows, right.rows)
    if rows.gaps:
        rows = replace(rows, gaps=frozenset({f"__gaps{len(origins)}"}))
        hidden.append((f"__gaps{len(origins)}", _gaps(_LEFT, left.rows), _gaps(_RIGHT, right.rows)))
    for name, one_tree, other_tree in hidden:
        sides[0].append(aliased(one_tree, name))
        sides[1].append(aliased(other_tree, name))
    selects = [
        exp.select(*trees).from_(table_as(table.name, alias))
        for trees, table, alias in ((sides[0], left, _LEFT), (sides[1], right, _RIGHT))
    ]
    union = exp.union(*selects, distinct=False, copy=False)
    both = exp.select("*").from_(subquery(union, _BOTH))  # type: ignore[arg-type]
    return Built(select=both, origins=origins, rows=rows)


def _gaps(alias: str, origin: Origin) -> exp.Expr:
    gaps = Relation(name=alias, origins={}).gaps(origin.gaps)
    return exp.Literal.number(0) if gaps is None else or_none(gaps)


def _row(alias: str, origin: Origin) -> exp.Expr:
    return exp.Null() if origin.row is None else exp.column(origin.row, table=alias, quoted=True)


def _matched(node: exp.SetOperation, left: JoinedTable, right: JoinedTable, selections: list[Selection]) -> Built:
    """The rows of the left side that the right one has, or has not; NULL is the same as NULL."""
    of_both = joined(*left.origins.values(), *right.origins.values(), left.rows, right.rows)
    decides(node, of_both, selections, _WORDS[type(node)])
    same = [
        exp.NullSafeEQ(
            this=exp.column(one, table=_LEFT, quoted=True), expression=exp.column(other, table=_RIGHT, quoted=True)
        )
        for one, other in zip(left.origins, right.origins, strict=True)
    ]
    exists: exp.Expr = exp.Exists(this=exp.select("1").from_(table_as(right.name, _RIGHT)).where(exp.and_(*same)))
    if isinstance(node, exp.Except):
        exists = exp.Not(this=exists)
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(_LEFT, quoted=True))
    kept = exp.select(star).from_(table_as(left.name, _LEFT)).where(exp.and_(exists))
    return Built(select=kept, origins=dict(left.origins), rows=left.rows)


def is_plain(node: exp.Expr, parts: Sequence[str]) -> bool:
    """Whether the node has these parts and no others."""
    return {name for name, value in node.args.items() if value not in (None, False, [])} <= set(parts)


def not_offered(node: exp.Expr) -> RefusedError:
    """The refusal of a query that is no SELECT and no set operation."""
    rule = "a query here is a SELECT, or UNION, INTERSECT or EXCEPT of several"
    return refused("cannot_split", node, rule, "hand rows of your own in as a table: tables={'mine': …}")
