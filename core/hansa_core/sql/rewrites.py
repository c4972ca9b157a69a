"""Rewrites aggregates over CASE as aggregates with FILTER."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.sql.clause import text_of

_NAMES: dict[type[exp.Expr], str] = {exp.Sum: "SUM", exp.Count: "COUNT", exp.Avg: "AVG"}


def filtered_form(aggregate: exp.Expr) -> str | None:
    """`SUM(CASE WHEN p THEN 1 ELSE 0 END)` is `COUNT(*) FILTER (WHERE p)`, and the like; None if nothing fits."""
    if isinstance(aggregate, exp.CountIf):
        return f"COUNT(*){_filter(aggregate.this)}"
    argument = aggregate.this.unnest() if isinstance(aggregate.this, exp.Expr) else None
    branch = single_branch(argument)
    if branch is None:
        return None
    condition, value, otherwise = branch
    name = _NAMES.get(type(aggregate))
    zero_is_harmless = name == "SUM"
    if otherwise is not None and not (zero_is_harmless and _is_number(otherwise, 0)):
        if name == "AVG" and _is_number(value, 1) and _is_number(otherwise, 0):
            return f"COUNT(*){_filter(condition)} / COUNT(*)"
        return None
    if isinstance(value, exp.Column) and name is not None:
        return f"{name}({text_of(value)}){_filter(condition)}"
    counts = (name == "SUM" and _is_number(value, 1)) or (name == "COUNT" and isinstance(value, exp.Literal))
    return f"COUNT(*){_filter(condition)}" if counts else None


def single_branch(node: exp.Expr | None) -> tuple[exp.Expr, exp.Expr, exp.Expr | None] | None:
    """Condition, value and the value otherwise (None for NULL) of a CASE or IF with one condition."""
    if isinstance(node, exp.If):
        return node.this, node.args["true"].unnest(), _unless_null(node.args.get("false"))
    if isinstance(node, exp.Case) and node.this is None and len(node.args["ifs"]) == 1:
        when = node.args["ifs"][0]
        return when.this, when.args["true"].unnest(), _unless_null(node.args.get("default"))
    return None


def _unless_null(node: exp.Expr | None) -> exp.Expr | None:
    return None if node is None or isinstance(node.unnest(), exp.Null) else node.unnest()


def _is_number(node: exp.Expr, value: int) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and str(node.this) in {str(value), f"{value}.0"}


def _filter(condition: exp.Expr) -> str:
    return f" FILTER (WHERE {text_of(condition)})"
