"""PostgreSQL: a table or a query, read in one snapshot that writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from hansa_core.nearest import nearest
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.names import checked_names
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows, reader, texts_by_name

if TYPE_CHECKING:
    import psycopg

_PLACE = "the PostgreSQL"
_DEFAULT_SCHEMA = "public"
_TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
"""Tables, partitioned and foreign ones, and views."""


def read_postgres(source: TableSource, private: PrivateFiles) -> TableRows:
    """Raises UnreadableTableError, whose text names neither the password nor the address."""
    try:
        import psycopg
    except ImportError:
        rule = "is read by psycopg, which is not installed"
        raise UnreadableTableError(_PLACE, rule, "run: pip install 'hansa[postgres]'", "format") from None
    copy = private.new()
    try:
        with psycopg.connect(source.dsn or "", client_encoding="UTF8", connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("SET LOCAL DateStyle TO 'ISO, YMD'")
            connection.execute("SET LOCAL TimeZone TO 'UTC'")
            connection.execute("SET LOCAL extra_float_digits TO 1")
            connection.execute("SET LOCAL IntervalStyle TO 'iso_8601'")
            names = _copy(connection, _query(connection, source), copy)
    except psycopg.Error as error:
        raise _unreadable(error) from None
    rows = reader(
        "read_csv",
        copy,
        auto_detect=exp.false(),
        columns=texts_by_name(dict.fromkeys(names, "VARCHAR")),
        header=exp.true(),
        delim=exp.Literal.string(","),
        quote=exp.Literal.string('"'),
        escape=exp.Literal.string('"'),
        allow_quoted_nulls=exp.false(),  # an empty text is quoted, and no NULL
    )
    return TableRows(rows=rows, path=copy)


def _query(connection: psycopg.Connection, source: TableSource) -> exp.Query:
    if source.query is not None:
        return checked_query(source.query)
    schema, table = source.schema or _DEFAULT_SCHEMA, str(source.table)
    found = connection.execute(_TABLES).fetchall()
    if (schema, table) not in found:
        known = [name if each == _DEFAULT_SCHEMA else f"{each}.{name}" for each, name in found]
        asked = table if schema == _DEFAULT_SCHEMA else f"{schema}.{table}"
        rule, remedy = f"has no table {quoted(asked)}", nearest(asked, known) if known else "it has none"
        raise UnreadableTableError(_PLACE, rule, remedy, "table")
    return exp.select("*").from_(exp.table_(table, db=schema, quoted=True))


def checked_query(query: str) -> exp.Query:
    """The one SELECT that is written. Raises UnreadableTableError."""
    try:
        (parsed,) = sqlglot.parse(query, dialect="postgres")
    except (sqlglot.ParseError, sqlglot.errors.TokenError, ValueError):
        parsed = None
    if not isinstance(parsed, exp.Query):
        raise UnreadableTableError(
            _PLACE, f"is asked what is not one SELECT: {quoted(query)}", "write one SELECT", "query"
        )
    return parsed


def _copy(connection: psycopg.Connection, query: exp.Query, path: Path) -> list[str]:
    """Write what a query gives, as CSV; the names of its columns."""
    none = exp.select("*").from_(query.subquery("described")).limit(0)
    described = connection.execute(none.sql(dialect="postgres").encode())
    names = [column.name for column in described.description or ()]
    checked_names(names, _PLACE, remedy="give each a name of its own in query, with AS", key="query")
    copied = f"COPY ({query.sql(dialect='postgres')}) TO STDOUT (FORMAT csv, HEADER true)".encode()
    with connection.cursor() as cursor, path.open("wb") as file, cursor.copy(copied) as rows:
        for block in rows:
            file.write(block)
    return names


def _unreadable(error: psycopg.Error) -> UnreadableTableError:
    import psycopg

    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        rule = "cannot be reached, or does not let this user in"
        return UnreadableTableError(_PLACE, rule, "check the connection that dsn names, and its password", "dsn")
    said = (error.diag.message_primary or "no reason given").splitlines()[0]
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return UnreadableTableError(_PLACE, f"refuses ({said})", "GRANT SELECT on it to this user", "table")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return UnreadableTableError(_PLACE, f"would be written ({said})", "write a SELECT that only reads", "query")
    return UnreadableTableError(_PLACE, f"refuses ({said})", "correct the query or the table", "query")
