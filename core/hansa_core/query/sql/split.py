"""Splits a SELECT into the plan that the cities compute and the SELECT over what they release."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.query.canonical import canonicalise
from hansa_core.query.column_names import aggregate_column, key_column
from hansa_core.query.contract import Contract
from hansa_core.query.expression import Call, Expression, Op
from hansa_core.query.plan import Aggregate, ContractId, Plan
from hansa_core.query.sql.aggregates import AGGREGATE_NAMES, find_aggregates, read_aggregate
from hansa_core.query.sql.city import select_cities
from hansa_core.query.sql.clause import cut, refused, text_of
from hansa_core.query.sql.functions import function_name
from hansa_core.query.sql.guard import read_select, too_deep
from hansa_core.query.sql.keys import SelectItem, read_grouping
from hansa_core.query.sql.outer_select import build_outer
from hansa_core.query.sql.released import Released
from hansa_core.query.sql.scalar import read_condition
from hansa_core.query.sql.shape import check_shape
from hansa_core.query.sql.source import Source, read_source
from hansa_core.query.sql.statement import Statement


def parse_statement(sql: str, contracts: Mapping[ContractId, Contract], cities: Collection[str]) -> Statement:
    """Read a question. `contracts`, `cities`: those of the league. Raises RefusedError naming clause and rewrite.

    Types are checked here; what depends on a level is left to `check_plan`.
    """
    try:
        return _split(sql, contracts, cities)
    except RecursionError:  # the guard bounds the nesting; how much stack is left is the caller's affair
        raise too_deep() from None


def _split(sql: str, contracts: Mapping[ContractId, Contract], cities: Collection[str]) -> Statement:
    select = read_select(sql)
    check_shape(select)
    source = read_source(select, contracts)
    items = [SelectItem(item.alias, item.this if isinstance(item, exp.Alias) else item) for item in select.expressions]
    orderings = select.args["order"].expressions if select.args.get("order") else []
    found = _read_aggregates([*(item.node for item in items), *orderings], select, source)
    selection = select_cities(select.args["where"].this if select.args.get("where") else None, source, cities)
    grouping = read_grouping(select.args.get("group"), items, source)
    plan = canonicalise(
        Plan(
            source.contract.id,
            _conjunction([read_condition(condition, source) for condition in selection.conditions]),
            grouping.keys,
            tuple(found.values()),
            grouping.totals,
        )
    )
    released = Released(
        source=source,
        by_city=grouping.by_city,
        keys={key: key_column(index) for index, key in enumerate(plan.keys)},
        aggregates={
            node: aggregate_column(plan.aggregates.index(_canonical(plan.source, aggregate)))
            for node, aggregate in found.items()
        },
    )
    return Statement(
        plan=plan, cities=selection.cities, by_city=grouping.by_city, outer=build_outer(select, items, released, plan)
    )


def _read_aggregates(trees: list[exp.Expr], select: exp.Select, source: Source) -> dict[int, Aggregate]:
    """Each aggregate by the identity of its node."""
    found = {id(node): read_aggregate(node, source) for tree in trees for node in find_aggregates(tree)}
    if not found:
        unknown = next((call for tree in trees for call in tree.find_all(exp.Anonymous)), None)
        if unknown is not None:  # a misspelt aggregate is no aggregate to the parser
            name = function_name(unknown)
            raise refused("unknown_function", unknown, f"there is no {name}()", nearest(name, AGGREGATE_NAMES))
        raise RefusedError(
            "rows_requested",
            "a question never returns rows: it selects at least one aggregate",
            "add one to the SELECT list, as in COUNT(*) or AVG(x)",
            cut("SELECT " + ", ".join(text_of(item) for item in select.expressions)),
        )
    return found


def _conjunction(conditions: list[Expression]) -> Expression | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Call(Op.AND, tuple(conditions))


def _canonical(source: ContractId, aggregate: Aggregate) -> Aggregate:
    """The aggregate as it stands in a canonical plan."""
    return canonicalise(Plan(source, None, (), (aggregate,))).aggregates[0]
