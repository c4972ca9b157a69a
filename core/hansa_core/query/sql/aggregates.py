"""Reads the aggregates of a SELECT list."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.query.plan import Aggregate, AggregateFunction
from hansa_core.query.sql.clause import refused, text_of, unsplittable
from hansa_core.query.sql.functions import function_name
from hansa_core.query.sql.rewrites import filtered_form
from hansa_core.query.sql.scalar import read_condition
from hansa_core.query.sql.source import Source

_FUNCTIONS: dict[type[exp.Expr], AggregateFunction] = {
    exp.Count: AggregateFunction.COUNT,
    exp.Sum: AggregateFunction.SUM,
    exp.Avg: AggregateFunction.AVG,
}
_OFFERED = "COUNT(*), COUNT(x), SUM(x), AVG(x) and COUNT(DISTINCT unit), each with FILTER (WHERE …)"
_AGGREGATES = (exp.AggFunc, exp.Filter, exp.Window, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)


def find_aggregates(tree: exp.Expr) -> list[exp.Expr]:
    """The outermost aggregates in the tree, each with its FILTER, OVER or other wrapper."""
    found: list[exp.Expr] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _AGGREGATES):
            found.append(node)
        elif not isinstance(node, exp.Query | exp.Subquery):  # refused as a query, whatever it aggregates
            stack.extend(reversed(list(node.iter_expressions())))
    return found


def read_aggregate(node: exp.Expr, source: Source) -> Aggregate:
    """The aggregate that the SQL means. Raises RefusedError."""
    refusal = unsplittable(node)
    if refusal is not None:
        raise refusal
    if not isinstance(node, exp.Filter):
        return _read(node, None, source)
    return _read(node.this, node.expression.this, source)


def _read(node: exp.Expr, condition: exp.Expr | None, source: Source) -> Aggregate:
    function = _FUNCTIONS.get(type(node))
    if function is None:
        raise _not_offered(node)
    where = None if condition is None else read_condition(condition, source)
    argument = node.this.unnest() if node.this is not None else None
    if node.expressions:
        raise refused("unsupported_clause", node, "an aggregate takes one column", f"the aggregates are {_OFFERED}")
    if function is AggregateFunction.COUNT and (argument is None or _counts_rows(argument)):
        return Aggregate(AggregateFunction.COUNT_ROWS, None, where)
    if isinstance(argument, exp.Distinct):
        return Aggregate(AggregateFunction.COUNT_DISTINCT, _distinct_column(node, function, argument, source), where)
    if not isinstance(argument, exp.Column):
        raise _not_bare(node, argument)
    return Aggregate(function, source.column(argument).name, where)


def _counts_rows(argument: exp.Expr) -> bool:
    return isinstance(argument, exp.Star) or (isinstance(argument, exp.Literal) and not argument.is_string)


def _distinct_column(node: exp.Expr, function: AggregateFunction, distinct: exp.Distinct, source: Source) -> str:
    columns = [item.unnest() for item in distinct.expressions]
    if function is not AggregateFunction.COUNT or len(columns) != 1 or not isinstance(columns[0], exp.Column):
        raise refused(
            "unsupported_clause",
            node,
            "DISTINCT stands only in COUNT(DISTINCT unit), over the privacy unit",
            f"write COUNT(DISTINCT {source.contract.unit})",
        )
    return source.column(columns[0]).name


def _not_offered(node: exp.Expr) -> RefusedError:
    name = function_name(node.this if isinstance(node, exp.WithinGroup | exp.IgnoreNulls) else node)
    rewrite = filtered_form(node)
    remedy = f"write {rewrite}" if rewrite else f"the aggregates are {_OFFERED}"
    return refused("unknown_function", node, f"{name}() is not offered yet", remedy)


def _not_bare(node: exp.Expr, argument: exp.Expr | None) -> RefusedError:
    if argument is not None and argument.find(exp.AggFunc):
        return refused(
            "cannot_split",
            node,
            "aggregates do not nest",
            "aggregate the contract's columns and compute with the aggregates in the SELECT list",
        )
    columns = [text_of(column) for column in argument.find_all(exp.Column)] if argument is not None else []
    name = function_name(node).upper()
    example = f"compute on the aggregates instead, as in {name}({columns[0]}) * 2" if columns else "name a column"
    rewrite = filtered_form(node)
    return refused(
        "unsupported_clause",
        node,
        "an aggregate takes one bare column of the contract",
        f"write {rewrite}" if rewrite else example,
    )
