"""Sources: a city's own table, opened so that ingest can read it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import exp

from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import IN_MEMORY
from hansa_tables.errors import UnreadableTableError
from hansa_tables.opening import SAFE, explained, view_source
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import TableSource

TARGET = "target"
"""The catalogue of the file that is being written."""


@contextmanager
def open_source(source: TableSource, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees the source as the view `source_rows` and can write `target`; no other path, no setting.

    Private copies lie beside `target` for as long. Raises ConfigError if the source cannot be read as what the manifest
    says it is.
    """
    with (
        _private_files(target) as private,
        duckdb.connect(config={**SAFE, "temp_directory": ""}) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        literal = exp.Literal.string(str(target)).sql(dialect="duckdb")
        connection.execute(f"ATTACH {literal} AS {TARGET}")
        with _told_to_the_operator():
            view_source(connection, source, private)
        yield connection


@contextmanager
def _private_files(target: Path) -> Iterator[PrivateFiles]:
    """Beside the file that is written, where the next ingest removes what a crash leaves; for a dry run elsewhere."""
    with ExitStack() as until_then:
        folder = target.parent
        if target == IN_MEMORY:
            folder = Path(until_then.enter_context(TemporaryDirectory(prefix="hansa-")))
        yield until_then.enter_context(PrivateFiles(folder, f"{target.name}.source"))


@contextmanager
def unreadable_source(source: TableSource) -> Iterator[None]:
    """Turns a failure to read the source's rows into the operator's words."""
    with _told_to_the_operator(), explained(source):
        yield


@contextmanager
def _told_to_the_operator() -> Iterator[None]:
    try:
        yield
    except UnreadableTableError as error:
        raise ConfigError(f"source.{error.key}: {error}") from None
