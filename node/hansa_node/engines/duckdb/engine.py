"""The DuckDB engine: a plan over one dataset file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.partial import Row, partial_from_rows
from hansa_core.plan.double_code import code_of_double
from hansa_core.plan.plan import Plan
from hansa_node.engines.duckdb.statement import compile_plan
from hansa_node.engines.engine import too_little_memory, too_many_cells
from hansa_node.engines.stop import AbandonedError, Stop
from hansa_node.engines.unreadable import readable


class DuckDBEngine:
    """An Engine over the table `rows` of a connection to `path` from `open_locked`, which it does not close."""

    def __init__(self, contract: Contract, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._contract = contract
        self._path = path
        self._connection = connection

    def aggregate(self, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell, by the Engine protocol. Each call has its own cursor, so threads may call at once."""
        statement = compile_plan(plan, self._contract, limit=max_cells + 1)
        with self._connection.cursor() as cursor, (stop or Stop()).interrupting(cursor.interrupt):
            try:
                with readable(self._path):
                    rows = cursor.execute(statement.sql, list(statement.parameters)).fetchall()
            except duckdb.OutOfMemoryException:
                raise too_little_memory() from None
            except duckdb.InterruptException:
                raise AbandonedError from None
        if len(rows) > max_cells:
            raise too_many_cells(max_cells)
        return partial_from_rows(plan, self._contract, _with_order_codes(rows, statement.extremes))


def _with_order_codes(rows: Sequence[Row], extremes: Mapping[int, int]) -> Iterable[Row]:
    """The rows, where the doubles at `extremes` are their order codes."""
    if not extremes:
        return rows

    def coded(place: int, value: Value | None) -> Value | None:
        if place not in extremes:
            return value
        return extremes[place] if value is None else code_of_double(value)  # type: ignore[arg-type]

    return (tuple(coded(place, value) for place, value in enumerate(row)) for row in rows)
