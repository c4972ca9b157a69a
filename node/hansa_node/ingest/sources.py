"""Sources: a city's file, opened so that ingest can read it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_core.errors import ConfigError
from hansa_node.ingest.mapping import SourceFile, SourceFormat

TARGET = "target"
"""The catalogue of the file that is being written."""


@contextmanager
def open_source(source: SourceFile, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the source as the view `source_rows` and can write `target`; no other path, no setting.

    Raises ConfigError if the source cannot be read as what the manifest says it is.
    """
    if not source.path.is_file():
        raise ConfigError(f"source.path: {source.path} is no file; give the path of the city's file")
    with duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "temp_directory": ""}
    ) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_attach(target, TARGET, read_only=False))
        if source.format is not SourceFormat.DUCKDB:
            connection.execute("SET allowed_paths = $1", [[str(source.path)]])
        with unreadable_source(source):
            if source.format is SourceFormat.DUCKDB:
                connection.execute(_attach(source.path, "source", read_only=True))
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            view = exp.Create(this=exp.to_table("source_rows"), kind="VIEW", expression=_selection(source))
            connection.execute(f"CREATE TEMP {view.sql(dialect='duckdb').removeprefix('CREATE ')}")
        yield connection


@contextmanager
def unreadable_source(source: SourceFile) -> Iterator[None]:
    """Turns DuckDB's failure to read the source into the operator's words."""
    try:
        yield
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"source.path: {source.path} cannot be read as {source.format} ({reason}); "
            f"replace the file by an intact one, or correct source.format"
        ) from None


def columns_of_source(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the source's columns, as the file writes them."""
    return [str(row[0]) for row in connection.execute("DESCRIBE source_rows").fetchall()]


def _attach(path: Path, name: str, *, read_only: bool) -> str:
    literal = exp.Literal.string(str(path)).sql(dialect="duckdb")
    return f"ATTACH {literal} AS {name}{' (READ_ONLY)' if read_only else ''}"


def _selection(source: SourceFile) -> exp.Select:
    path = exp.Literal.string(str(source.path))
    match source.format:
        case SourceFormat.PARQUET:
            read: exp.Expression = exp.Anonymous(this="read_parquet", expressions=[path])
        case SourceFormat.CSV:
            read = exp.Anonymous(
                this="read_csv",
                expressions=[
                    path,
                    *(
                        exp.PropertyEQ(this=exp.to_identifier(name), expression=value)
                        for name, value in (
                            # Every value is read as the text that it is: the mapping decides what it means.
                            ("all_varchar", exp.true()),
                            ("header", exp.true()),
                            ("delim", exp.Literal.string(source.delimiter)),
                            ("quote", exp.Literal.string('"')),
                            ("escape", exp.Literal.string('"')),
                            ("comment", exp.Literal.string("")),
                            ("skip", exp.Literal.number(0)),
                        )
                    ),
                ],
            )
        case SourceFormat.DUCKDB:
            read = exp.table_(str(source.table), db="main", catalog="source", quoted=True)
    return exp.select("*").from_(read)
