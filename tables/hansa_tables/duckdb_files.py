"""DuckDB files: one table of one schema, attached so that nothing can be written."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_core.nearest import nearest
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows

_NAME = "source"
_DEFAULT_SCHEMA = "main"


def read_duckdb(connection: duckdb.DuckDBPyConnection, path: Path, source: TableSource) -> TableRows:
    """Raises duckdb.Error, UnreadableTableError."""
    literal = exp.Literal.string(str(path)).sql(dialect="duckdb")
    connection.execute(f"ATTACH {literal} AS {_NAME} (READ_ONLY)")
    listed = "SELECT schema_name, {0}_name FROM duckdb_{0}s() WHERE database_name = $1 AND NOT internal"
    found = connection.execute(f"{listed.format('table')} UNION ALL {listed.format('view')}", [_NAME]).fetchall()
    table, schema = str(source.table), source.schema or _DEFAULT_SCHEMA
    if (schema, table) not in found:
        known = [name if each == _DEFAULT_SCHEMA else f"{each}.{name}" for each, name in found]
        asked = table if schema == _DEFAULT_SCHEMA else f"{schema}.{table}"
        rule, remedy = f"has no table {quoted(asked)}", nearest(asked, known) if known else "it has none"
        raise UnreadableTableError(str(path), rule, remedy, "table")
    return TableRows(rows=exp.table_(table, db=schema, catalog=_NAME, quoted=True))


def why_no_duckdb(path: Path, error: duckdb.Error) -> UnreadableTableError | None:
    """The error about a file that another program has open; None for any other failure."""
    if not _is_locked(path):
        return None
    rule = f"is open in another program ({str(error).strip().splitlines()[0]})"
    return UnreadableTableError(str(path), rule, "close it there, or give a copy")


def _is_locked(path: Path) -> bool:
    """Whether another process keeps the file from being read: DuckDB locks what it writes, as POSIX has it."""
    import fcntl  # which Windows lacks: there only this failure would go without its reason

    try:
        with path.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as failure:
        return failure.errno in (errno.EACCES, errno.EAGAIN)
    return False
