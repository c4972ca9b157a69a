"""The DuckDB engine: a plan over one dataset file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.plan.plan import Plan
from hansa_node.engines.duckdb.readable import readable
from hansa_node.engines.engine import too_little_memory, too_many_cells
from hansa_node.engines.stop import AbandonedError, Stop

if TYPE_CHECKING:
    from hansa_node.engines.sql.statement import BoundStatement


class DuckDBEngine:
    """An Engine over the table `rows` of a connection to `path` from `open_locked`, which it does not close."""

    def __init__(self, contract: Contract, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._contract = contract
        self._path = path
        self._connection = connection

    def aggregate(self, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell, by the Engine protocol. Each call has its own cursor, so threads may call at once."""
        from hansa_node.engines.duckdb.dialect import DuckDBDialect  # sqlglot's 24 MB, which a node at rest lacks
        from hansa_node.engines.sql.cells import partial_of_cells
        from hansa_node.engines.sql.statement import compile_plan

        statement = compile_plan(plan, self._contract, DuckDBDialect(), limit=max_cells + 1)
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
        return partial_of_cells(cells, statement, plan, self._contract)


def _arrow(cursor: duckdb.DuckDBPyConnection, statement: BoundStatement) -> pa.Table:
    """The rows of a SELECT, which runs once."""
    relation = cursor.sql(statement.sql, params=list(statement.parameters))
    assert relation is not None
    return relation.to_arrow_table()
