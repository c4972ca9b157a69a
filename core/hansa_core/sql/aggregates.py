"""Reads the aggregates of a SELECT list."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import Column
from hansa_core.plan.plan import PAIRED, Aggregate, AggregateFunction, Argument
from hansa_core.sql.clause import refused, unsplittable
from hansa_core.sql.functions import called, function_name
from hansa_core.sql.literals import read_number
from hansa_core.sql.rewrites import filtered_form
from hansa_core.sql.scalar import read_condition, read_scalar
from hansa_core.sql.source import StatementSource

_FUNCTIONS: dict[type[exp.Expr], AggregateFunction] = {
    exp.Count: AggregateFunction.COUNT,
    exp.Sum: AggregateFunction.SUM,
    exp.Avg: AggregateFunction.AVG,
    exp.Variance: AggregateFunction.VAR_SAMP,
    exp.StddevSamp: AggregateFunction.STDDEV_SAMP,
    exp.Stddev: AggregateFunction.STDDEV_SAMP,
    exp.Min: AggregateFunction.MIN,
    exp.Max: AggregateFunction.MAX,
    exp.Median: AggregateFunction.QUANTILE_CONT,
    exp.PercentileCont: AggregateFunction.QUANTILE_CONT,
    exp.CovarSamp: AggregateFunction.COVAR_SAMP,
    exp.Corr: AggregateFunction.CORR,
    exp.RegrSlope: AggregateFunction.REGR_SLOPE,
    exp.RegrIntercept: AggregateFunction.REGR_INTERCEPT,
    exp.RegrR2: AggregateFunction.REGR_R2,
    exp.VariancePop: AggregateFunction.VAR_POP,
    exp.StddevPop: AggregateFunction.STDDEV_POP,
    exp.CovarPop: AggregateFunction.COVAR_POP,
    exp.RegrCount: AggregateFunction.REGR_COUNT,
    exp.RegrAvgx: AggregateFunction.REGR_AVGX,
    exp.RegrAvgy: AggregateFunction.REGR_AVGY,
    exp.RegrSxx: AggregateFunction.REGR_SXX,
    exp.RegrSyy: AggregateFunction.REGR_SYY,
    exp.RegrSxy: AggregateFunction.REGR_SXY,
}
_OFFERED = (
    "COUNT(*), COUNT(x), COUNT(DISTINCT x), SUM, AVG, VAR_SAMP, STDDEV_SAMP, VAR_POP, STDDEV_POP, MIN, MAX, MODE, "
    "BOOL_AND, BOOL_OR, COUNT_IF, MEDIAN, QUANTILE_CONT(x, q), HISTOGRAM(x), COVAR_SAMP(y, x), COVAR_POP, CORR, "
    "and REGR_SLOPE, _INTERCEPT, _R2, _COUNT, _AVGX, _AVGY, _SXX, _SYY and _SXY, each with FILTER (WHERE …)"
)
AGGREGATE_NAMES = (
    *("count", "sum", "avg", "var_samp", "stddev_samp", "min", "max", "mode", "median", "quantile_cont", "histogram"),
    *("covar_samp", "corr", "regr_slope", "regr_intercept", "regr_r2", "var_pop", "stddev_pop", "covar_pop"),
    *("regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy", "bool_and", "bool_or", "count_if"),
)
"""What the aggregates of the language are called in SQL."""

_OF_SOME_ROW = "it is the value of some row, another one in each engine: write MIN(x), MAX(x) or MODE(x)"
_OF_ALL_ROWS = "it lists the values of rows: GROUP BY x, and count them"
_QUANTILE = "write QUANTILE_CONT(x, q), which has an interval"
_REMEDIES: dict[type[exp.Expr], str] = {
    **dict.fromkeys((exp.AnyValue, exp.First, exp.Last, exp.ArgMax, exp.ArgMin), _OF_SOME_ROW),
    **dict.fromkeys((exp.ArrayAgg, exp.GroupConcat), _OF_ALL_ROWS),
    **dict.fromkeys((exp.PercentileDisc, exp.ApproxQuantile, exp.Quantile), _QUANTILE),
    exp.ApproxDistinct: "write COUNT(DISTINCT x), which is exact",
}
_AGGREGATES = (exp.AggFunc, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)
_ABOUT_THE_ANSWER = (exp.Window, exp.Grouping)  # computed over the released table; what they take is released
_WRAPPERS = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)


def find_aggregates(tree: exp.Expr) -> list[exp.Expr]:
    """The outermost aggregates in the tree that the cities compute, each with its FILTER or other wrapper."""
    found: list[exp.Expr] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _ABOUT_THE_ANSWER):
            stack.extend(reversed(_parts(node)))
        elif isinstance(node, _AGGREGATES) or _is_histogram(node):
            found.append(node)
        elif not isinstance(node, exp.Query | exp.Subquery):  # refused as a query, whatever it aggregates
            stack.extend(reversed(list(node.iter_expressions())))
    return found


def _parts(node: exp.Expr) -> list[exp.Expr]:
    """What a window function takes and is partitioned and ordered by; the keys that GROUPING takes are none of it."""
    if isinstance(node, exp.Grouping):
        return []
    function = node.this
    while isinstance(function, _WRAPPERS):
        function = function.this
    return [*function.iter_expressions(), *(child for child in node.iter_expressions() if child is not node.this)]


def read_aggregate(node: exp.Expr, source: StatementSource) -> Aggregate:
    """The aggregate that the SQL means. Raises RefusedError."""
    refusal = unsplittable(node)
    if refusal is not None:
        raise refusal
    if not isinstance(node, exp.Filter):
        return _read(node, None, source)
    return _read(node.this, node.expression.this, source)


def _read(node: exp.Expr, condition: exp.Expr | None, source: StatementSource) -> Aggregate:
    function = AggregateFunction.HISTOGRAM if _is_histogram(node) else _FUNCTIONS.get(type(node))
    if function is None and not _is_percentile(node):
        raise _not_offered(node)
    where = None if condition is None else read_condition(condition, source)
    if function is AggregateFunction.COUNT and not node.expressions and (node.this is None or _counts_rows(node.this)):
        return Aggregate(AggregateFunction.COUNT_ROWS, None, where)
    nodes, quantile = _arguments(node)
    if len(nodes) != (2 if function in PAIRED else 1):
        raise _wrong_count(node, function)
    if isinstance(nodes[0], exp.Distinct):
        unit = _distinct_column(node, function, nodes[0], source)
        return Aggregate(AggregateFunction.COUNT_DISTINCT, unit, where)
    first, *second = (_argument(node, argument, source) for argument in nodes)
    return Aggregate(function or AggregateFunction.QUANTILE_CONT, first, where, second[0] if second else None, quantile)


def _is_histogram(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and function_name(node) == "histogram"


def _is_percentile(node: exp.Expr) -> bool:
    """PERCENTILE_CONT(q) WITHIN GROUP (ORDER BY x)."""
    return isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont)


def _arguments(node: exp.Expr) -> tuple[list[exp.Expr], float | None]:
    """What is aggregated, one or two, and the share of a quantile."""
    match node:
        case exp.Anonymous():
            return [argument.unnest() for argument in node.expressions], None
        case exp.WithinGroup():
            orderings = node.expression.expressions
            if len(orderings) != 1 or orderings[0].args.get("desc"):
                raise refused(
                    "unsupported_clause",
                    node,
                    "a quantile is taken over one column in rising order",
                    "write QUANTILE_CONT(x, 0.9)",
                )
            return [orderings[0].this.unnest()], _share(node, node.this.this)
        case exp.PercentileCont():
            return [node.this.unnest()], _share(node, node.args.get("expression"))
        case exp.Median():
            return [node.this.unnest()], 0.5
        case _:
            others = [node.args.get(name) for name in ("expression", "count")]
            given = [node.this, *node.expressions, *others]
            return [argument.unnest() for argument in given if isinstance(argument, exp.Expr)], None


def _share(node: exp.Expr, share: exp.Expr | None) -> float:
    number = read_number(share) if isinstance(share, exp.Literal) and not share.is_string else None
    if number is None or not isinstance(number.value, int | float) or not 0 <= number.value <= 1:
        raise refused(
            "wrong_type", node, "the share of a quantile is a number from 0 to 1", "write QUANTILE_CONT(x, 0.9)"
        )
    return float(number.value)


def _argument(node: exp.Expr, argument: exp.Expr, source: StatementSource) -> Argument:
    """A bare column's name, or a computed value where the contract lets some city serve it at open."""
    if isinstance(argument, exp.Column):
        return source.column(argument).name
    if argument.find(exp.AggFunc, exp.Distinct) or source.contract.least_level is not Level.OPEN:
        raise _not_bare(node, argument, source)
    computed = read_scalar(argument, source)
    return computed.name if isinstance(computed, Column) else computed


def _wrong_count(node: exp.Expr, function: AggregateFunction | None) -> RefusedError:
    return refused(
        "unsupported_clause",
        node,
        f"{function_name(node).upper()} takes {'two arguments' if function in PAIRED else 'one column'}",
        f"the aggregates are {_OFFERED}",
    )


def _counts_rows(argument: exp.Expr) -> bool:
    return isinstance(argument, exp.Star) or (isinstance(argument, exp.Literal) and not argument.is_string)


def _distinct_column(
    node: exp.Expr, function: AggregateFunction | None, distinct: exp.Distinct, source: StatementSource
) -> str:
    columns = [item.unnest() for item in distinct.expressions]
    if function is not AggregateFunction.COUNT or len(columns) != 1 or not isinstance(columns[0], exp.Column):
        raise refused(
            "unsupported_clause",
            node,
            "DISTINCT stands only in COUNT(DISTINCT x), over one value",
            "write COUNT(DISTINCT x), or join several texts to one: COUNT(DISTINCT a || ' ' || b)",
        )
    return source.column(columns[0]).name


def _not_offered(node: exp.Expr) -> RefusedError:
    inner = node.this if isinstance(node, exp.WithinGroup | exp.IgnoreNulls) else node
    rewrite = filtered_form(node)
    remedy = f"write {rewrite}" if rewrite else _REMEDIES.get(type(inner), f"the aggregates are {_OFFERED}")
    return refused("unknown_function", node, f"{called(inner)}() is not offered", remedy)


def _not_bare(node: exp.Expr, argument: exp.Expr, source: StatementSource) -> RefusedError:
    if argument.find(exp.AggFunc):
        return refused(
            "cannot_split",
            node,
            "aggregates do not nest",
            "aggregate the contract's columns and compute with the aggregates in the SELECT list",
        )
    numeric = {name: one for name, one in source.contract.columns.items() if one.type.is_numeric and not one.identifier}
    measures = [name for name, one in numeric.items() if one.domain is None] or list(numeric)  # others are for keys
    columns = [name for name in (column.name.lower() for column in argument.find_all(exp.Column)) if name in numeric]
    name = function_name(node).upper()
    example = f"the measures of {source.contract.id} are {', '.join(measures)}: write {name}({measures[0]})"
    if len(set(columns)) == 1:
        example = f"compute on the aggregates instead, as in {name}({columns[0]}) * 2"
    rewrite = filtered_form(node)
    return refused(
        "unsupported_clause",
        node,
        "an aggregate takes one bare column of the contract",
        f"write {rewrite}" if rewrite else example if measures else "write COUNT(*)",
    )
