"""The DuckDB engine: a plan over one dataset file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.array_values import array_from_wholes, numbers_of, one_array, validity_of
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.partial import MOMENT_TYPE, columns_of_partial
from hansa_core.plan.double_code import codes_of_doubles
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_node.engines.engine import too_little_memory, too_many_cells
from hansa_node.engines.stop import AbandonedError, Stop
from hansa_node.engines.unreadable import readable

if TYPE_CHECKING:
    from hansa_node.engines.duckdb.statement import BoundStatement


class DuckDBEngine:
    """An Engine over the table `rows` of a connection to `path` from `open_locked`, which it does not close."""

    def __init__(self, contract: Contract, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._contract = contract
        self._path = path
        self._connection = connection

    def aggregate(self, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell, by the Engine protocol. Each call has its own cursor, so threads may call at once."""
        from hansa_node.engines.duckdb.statement import compile_plan  # sqlglot's 24 MB, which a node at rest lacks

        statement = compile_plan(plan, self._contract, limit=max_cells + 1)
        with self._connection.cursor() as cursor, (stop or Stop()).interrupting(cursor.interrupt):
            try:
                with readable(self._path):
                    cells = _arrow(cursor, statement)
            except duckdb.OutOfMemoryException:
                raise too_little_memory() from None
            except duckdb.InterruptException:
                raise AbandonedError from None
        if cells.num_rows > max_cells:
            raise too_many_cells(max_cells)
        keys, moments = columns_of_partial(
            _with_order_codes(cells, statement.extremes), plan, moments_of(plan, self._contract)
        )
        return partial_from_columns(plan, self._contract, keys, list(moments.values()))


def _arrow(cursor: duckdb.DuckDBPyConnection, statement: BoundStatement) -> pa.Table:
    """The rows of a SELECT, which runs once."""
    relation = cursor.sql(statement.sql, params=list(statement.parameters))
    assert relation is not None
    return relation.to_arrow_table()


def _with_order_codes(cells: pa.Table, extremes: Mapping[int, int]) -> pa.Table:
    """The cells, where the doubles at `extremes` are their order codes."""
    for place, of_none in extremes.items():
        doubles = one_array(cells.column(place))
        known = validity_of(doubles)
        codes = np.where(known, codes_of_doubles(numbers_of(doubles)).astype(object), of_none)
        coded = array_from_wholes(codes, np.ones(len(codes), dtype=bool), MOMENT_TYPE)
        cells = cells.set_column(place, cells.field(place).name, coded)
    return cells
