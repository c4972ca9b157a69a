"""Plans as one SQL statement each, over the table `rows`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_node.engines.sql.aggregates import AggregateCompiler, is_ordered_by_code
from hansa_node.engines.sql.cell_columns import CellColumns, cell
from hansa_node.engines.sql.dialect import Dialect
from hansa_node.engines.sql.scalar import ScalarCompiler
from hansa_node.engines.sql.syntax import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatement:
    """SQL text and the values of its parameters, the first at place 1.

    `extremes`: where the answer has doubles whose order codes are the moments, and what stands for no double.
    """

    sql: str
    parameters: tuple[Value | None, ...]
    extremes: Mapping[int, int]


def compile_plan(plan: Plan, contract: Contract, dialect: Dialect, *, limit: int) -> BoundStatement:
    """One row per cell: keys, then the plan's moments as wide integers, in no order and at most `limit` of them.

    An inner select computes keys, filters and the columns to add up; the outer one only groups.
    """
    scalars = ScalarCompiler(contract, dialect)
    cells = CellColumns(scalars, dialect.types, contract)
    keys = [cells.key(key) for key in plan.keys]
    moments = moments_of(plan, contract)
    aggregates = AggregateCompiler(cells, contract, dialect)
    select = exp.Select(expressions=[*map(cell, keys), *map(aggregates.compile, moments)])
    named = exp.TableAlias(this=exp.to_identifier("cells", quoted=True))
    select.set("from_", exp.From(this=exp.Subquery(this=cells.select(plan.where), alias=named)))
    if keys:
        select.set("group", exp.Group(expressions=[*map(cell, keys)]))
    select.set("limit", exp.Limit(expression=whole(limit)))
    return BoundStatement(
        sql=select.sql(dialect=dialect.name, copy=False),  # nobody else holds the tree
        parameters=tuple(scalars.parameters),
        extremes={
            len(keys) + place: moment.nothing
            for place, moment in enumerate(moments)
            if is_ordered_by_code(moment, contract)
        },
    )
