"""SQLite files: one table, read in one transaction that writes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlglot import exp

from hansa_core.nearest import nearest
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.private_files import PrivateFiles
from hansa_tables.private_rows import private_rows
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows

LOCK_TIMEOUT_S = 5.0  # as long as SQLite itself waits for a writer


def read_sqlite(path: Path, source: TableSource, private: PrivateFiles) -> TableRows:
    """Raises UnreadableTableError."""
    table = str(source.table)
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=LOCK_TIMEOUT_S)
        ) as connection:
            connection.execute("BEGIN")
            kinds = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
            known = [str(name) for (name,) in connection.execute(kinds)]
            if table not in known:
                rule = f"has no table {quoted(table)}"
                raise UnreadableTableError(str(path), rule, nearest(table, known) if known else "it has none", "table")
            rows = connection.execute(exp.select("*").from_(exp.to_identifier(table, quoted=True)).sql("sqlite"))
            return private_rows([name for name, *_ in rows.description], rows, private.new())
    except sqlite3.Error as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: sqlite3.Error) -> UnreadableTableError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return UnreadableTableError(
            str(path), "is being written by another program", "wait until that ends, or give a copy"
        )
    if "not a database" in text:
        return UnreadableTableError(str(path), "is no SQLite file", "correct the format or the path", "format")
    if isinstance(error, sqlite3.OperationalError) and "decode" in text:
        return UnreadableTableError(str(path), f"holds text that is not UTF-8 ({text})", "repair that text there")
    return UnreadableTableError(str(path), f"cannot be read ({text})", "check the file, or give an intact copy")
