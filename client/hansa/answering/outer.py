"""The engine of the outer SELECT: a DuckDB with the released and the analyst's own tables and no way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock, Timer
from types import MappingProxyType, TracebackType
from typing import Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hansa_core.errors import RefusedError
from hansa_core.partial.array_values import array_from_numbers, numbers_of, one_array, validity_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.sql.own_tables import registered_name
from hansa_core.sql.statement import (
    GAPS_COLUMN,
    PARTIAL_COLUMN,
    RELEASED,
    ROW_COLUMN,
    OuterSelect,
    PlainSelect,
    released_table,
)

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


TIME_LIMIT_S = 30.0
MAX_OUTER_ROWS = 1_000_000
_MAX_OUTER_BYTES = 512 * 1024 * 1024
_BATCH_ROWS = 65_536
_SMALLER = "join with ON or USING instead of CROSS JOIN, or aggregate before you join"


class OuterEngine:
    """One DuckDB that stays open for all outer SELECTs of a session. Thread-safe: it runs them one by one."""

    def __init__(self, *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._lock = Lock()
        self._time_limit_s = time_limit_s
        self._connection = duckdb.connect(":memory:", config=_LOCKDOWN)

    def run(
        self,
        outer: OuterSelect,
        released: pa.Table,
        *,
        others: Sequence[pa.Table] = (),
        gaps: npt.NDArray[np.int64] | None = None,
        partial: bool = False,
        tables: Mapping[str, pa.Table] = MappingProxyType({}),
    ) -> tuple[pa.Table, dict[str, npt.NDArray[np.int64]]]:
        """The table that the analyst sees, and the hidden columns that its columns name, by name; -1 for NULL.

        `released`: the columns that `outer` names; its rows are numbered here, and then those of the `others`, which
        further questions of the statement released. `gaps`: the mask of each of these rows; None is none.
        `partial`: whether values over some cities only were asked for. `tables`: own tables, by name in lower case.

        Raises RefusedError `outer_failed` where the SELECT does not fit the types of its columns, `outer_too_large` and
        `outer_too_slow` where it outgrows the engine.
        """
        numbered = _numbered([released, *others], gaps)
        if outer.counted:
            numbered = {name: _with_partial(table, is_partial=partial) for name, table in numbered.items()}
        if outer.plain is not None and _is_sortable(numbered[RELEASED]):
            table = _picked(outer.plain, numbered[RELEASED])
        else:
            table = self._run(outer, numbered, tables)
        shown = [
            table.column(index) if column.passes_through else _narrow(_finite(table.column(index)))
            for index, column in enumerate(outer.columns)
        ]
        hidden = {
            table.column_names[index]: _known(table.column(index))
            for index in range(len(outer.columns), table.num_columns)
        }
        return pa.Table.from_arrays(shown, names=[column.name for column in outer.columns]), hidden

    def _run(self, outer: OuterSelect, numbered: Mapping[str, pa.Table], tables: Mapping[str, pa.Table]) -> pa.Table:
        inputs = {**numbered} | {registered_name(name): tables[name] for name in outer.tables}
        with self._lock:
            try:
                return self._select(outer.sql, inputs)
            except duckdb.Error as error:
                raise self._failed(error) from None

    def _select(self, sql: str, inputs: Mapping[str, pa.Table]) -> pa.Table:
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RefusedError("not_a_query", "the outer statement is one SELECT", "select from released", "outer")
        runaway = Timer(self._time_limit_s, self._connection.interrupt)
        for name, table in inputs.items():
            self._connection.register(name, table)
        runaway.start()
        try:
            return _bounded(self._connection.sql(statements[0]).to_arrow_reader(_BATCH_ROWS))
        finally:
            runaway.cancel()
            runaway.join()  # it may be firing just now, and must not hit the next statement
            for name in inputs:
                self._connection.unregister(name)

    def _failed(self, error: duckdb.Error) -> RefusedError:
        if isinstance(error, duckdb.OutOfMemoryException):
            return _too_large()
        if isinstance(error, duckdb.InterruptException):
            rule = f"the outer statement runs for at most {self._time_limit_s:g} seconds"
            return RefusedError("outer_too_slow", rule, _SMALLER, "outer")
        # The text may quote released values: they are the analyst's already.
        first_line = str(error).partition("\n")[0]
        return RefusedError(
            "outer_failed",
            f"the SELECT does not fit the columns that it reads: {first_line}",
            "check the types of keys, aggregates and own columns in it",
            "outer",
        )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _numbered(released: Sequence[pa.Table], gaps: npt.NDArray[np.int64] | None) -> dict[str, pa.Table]:
    """The released tables by their names, with the number of each row among those of all, and the mask of its gaps."""
    found: dict[str, pa.Table] = {}
    first = 0
    for place, table in enumerate(released):
        rows = np.arange(first, first + table.num_rows)
        masks = np.zeros(len(rows), dtype=np.int64) if gaps is None else gaps[rows]
        with_rows = table.append_column(ROW_COLUMN, _numbers(rows))
        found[released_table(place)] = with_rows.append_column(GAPS_COLUMN, _numbers(masks))
        first += table.num_rows
    return found


def _with_partial(table: pa.Table, *, is_partial: bool) -> pa.Table:
    return table.append_column(PARTIAL_COLUMN, array_of([is_partial] * table.num_rows, pa.bool_()))


def _numbers(numbers: npt.NDArray[np.int64]) -> pa.Array:
    return array_from_numbers(numbers, np.ones(len(numbers), dtype=bool), pa.int64())


def _known(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The numbers of a column, none of which is negative; -1 for NULL."""
    numbers = one_array(column.cast(pa.int64()))
    known: npt.NDArray[np.int64] = np.where(validity_of(numbers), numbers_of(numbers), -1)
    return known


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


def _narrow(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A sum of integers as plain integers, where they all fit: DuckDB sums them in 128 bits."""
    if not pa.types.is_decimal(column.type) or column.type.scale:
        return column
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


def _is_sortable(table: pa.Table) -> bool:
    """Whether Arrow sorts all columns as DuckDB does, within the engine's bounds: numbers are finite, text is UTF-8."""
    is_small = table.num_rows <= MAX_OUTER_ROWS and table.nbytes <= _MAX_OUTER_BYTES
    return is_small and not any(pa.types.is_nested(kind) for kind in table.schema.types)


def _picked(plain: PlainSelect, table: pa.Table) -> pa.Table:
    """Without the engine, which would take a third of the time of a whole small question for it."""
    keys = [(each.column, "descending" if each.descending else "ascending") for each in plain.sorting]
    rows = pc.sort_indices(table, sort_keys=keys)  # NULLs last
    return table.select(plain.columns).take(rows)


def _bounded(reader: pa.RecordBatchReader) -> pa.Table:
    """The table behind the reader. Raises RefusedError `outer_too_large`: Arrow's memory is not DuckDB's to limit."""
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows > MAX_OUTER_ROWS or size > _MAX_OUTER_BYTES:
            raise _too_large()
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=reader.schema)


def _too_large() -> RefusedError:
    rule = f"the outer statement gives at most {MAX_OUTER_ROWS:,} rows, within {_LOCKDOWN['memory_limit']} of memory"
    return RefusedError("outer_too_large", rule, _SMALLER, "outer")
