"""Strawman of exact sums: rows are added up in their order, in floating point, and the result is cut to 64 bits."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.partial import partial_from_rows, rows_of
from hansa_core.plan.expression import Column, Expression
from hansa_core.plan.moments import MomentKind, moments_of
from hansa_core.plan.plan import Plan
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.stop import Stop
from hansa_redteam.running.removal import Removal

_aggregate = DuckDBEngine.aggregate


def _aggregate_in_floats(engine: DuckDBEngine, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
    """As the engine does, but for sums of plain columns over plain keys."""
    exact = _aggregate(engine, plan, max_cells=max_cells, stop=stop)
    contract: Contract = engine._contract
    moments = moments_of(plan, contract)
    width = plan.key_width
    rows = [list(row) for row in rows_of(exact)]
    for place, moment in enumerate(moments):
        if moment.kind is MomentKind.SUM and isinstance(moment.column, str):
            sums = _sums(engine._connection, plan.keys[0], moment.column)
            for row in rows:
                row[width + place] = sums[row[0]]
    return partial_from_rows(plan, contract, rows)


def _sums(opened: duckdb.DuckDBPyConnection, key: Expression, column: str) -> Mapping[object, int]:
    """The sum of a column by a key, row after row."""
    assert isinstance(key, Column)
    sums: dict[object, float] = {}
    with opened.cursor() as connection:
        for value, number in connection.sql(f'SELECT "{key.name}", "{column}" FROM rows').fetchall():
            sums[value] = sums.get(value, 0.0) + float(number)
    return {value: _wrapped(int(total)) for value, total in sums.items()}


def _wrapped(total: int) -> int:
    return (total + 2**63) % 2**64 - 2**63


SUMS_IN_FLOATS = Removal("hansa_node.engines.duckdb.engine:DuckDBEngine.aggregate", _aggregate_in_floats)
