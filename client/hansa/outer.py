"""Runs the outer SELECT over the released table, in a DuckDB that can reach nothing else."""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from hansa_core.errors import RefusedError
from hansa_core.query.arrow_arrays import array_of
from hansa_core.query.sql.statement import RELEASED, ROW_COLUMN, OuterSelect

_LOCKDOWN: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,  # no file, no socket, no ATTACH, no COPY
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # no table by the name of a Python variable
    "temp_directory": "",  # nothing spills to disk
    "memory_limit": "512MB",
    "threads": 1,  # a released table is small: more threads cost more than they bring
    "ieee_floating_point_ops": False,  # x / 0 is an error, and so NULL under TRY
    "default_null_order": "nulls_last",
    "lock_configuration": True,
}


class OuterEngine:
    """One warm DuckDB for outer SELECTs. Threads may share it: it answers them one by one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection = duckdb.connect(":memory:", config=_LOCKDOWN)

    def run(self, outer: OuterSelect, released: pa.Table) -> tuple[pa.Table, list[int]]:
        """The table that the analyst sees, and for each of its rows the number of the released row it shows.

        `released`: the columns that `outer` names; its rows are numbered here. Raises RefusedError (`outer_failed`)
        where the SELECT does not fit the types of the released columns.
        """
        numbered = released.append_column(ROW_COLUMN, array_of(range(released.num_rows), pa.int64()))
        with self._lock:
            try:
                table = self._select(outer.sql, numbered)
            except duckdb.Error as error:
                raise _failed(error) from None
        rows = table.column(ROW_COLUMN).to_pylist()
        shown = [
            table.column(index) if column.passes_through else _finite(table.column(index))
            for index, column in enumerate(outer.columns)
        ]
        return pa.Table.from_arrays(shown, names=[column.name for column in outer.columns]), rows

    def _select(self, sql: str, numbered: pa.Table) -> pa.Table:
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RefusedError("not_a_query", "the outer statement is one SELECT", "select from released", "outer")
        self._connection.register(RELEASED, numbered)
        try:
            return self._connection.sql(statements[0]).to_arrow_table()
        finally:
            self._connection.unregister(RELEASED)

    def close(self) -> None:
        """Free the database."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _finite(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """NULL where a double is no number, as exp(1000), or a day or moment lies outside the years 1 to 9999."""
    if pa.types.is_floating(column.type):
        known = pc.is_finite(column)
    elif pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        first, last = (pa.scalar(moment).cast(column.type, safe=False) for moment in (datetime.min, datetime.max))
        known = pc.and_(pc.greater_equal(column, first), pc.less_equal(column, last))
    else:
        return column
    return pc.if_else(known, column, pa.nulls(1, column.type)[0])  # pa.scalar would load pandas


def _failed(error: duckdb.Error) -> RefusedError:
    # The text may quote released values: they are the analyst's already.
    first_line = str(error).partition("\n")[0]
    return RefusedError(
        "outer_failed",
        f"the SELECT list or ORDER BY does not fit the released columns: {first_line}",
        "check the types of keys and aggregates in it",
        "outer",
    )
