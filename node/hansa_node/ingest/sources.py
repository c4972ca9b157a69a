"""Sources: a city's own table, opened so that ingest can read it and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import exp

from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import IN_MEMORY
from hansa_node.ingest.contents import Content, check_once, contents_of, copied_content
from hansa_node.ingest.progress import let_progress_be_seen
from hansa_tables.errors import UnreadableTableError
from hansa_tables.left_out import MOST_MISTAKES
from hansa_tables.opening import SAFE, explained, view_source
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import SourceFormat, TableSource

TARGET = "target"
"""The catalogue of the file that is being written."""
SERVED = "served"
"""The catalogue of the version that is served, where its rows are read."""
_MEMORY_LIMIT = "600MB"
"""Of DuckDB's own memory; what does not fit is spilled beside the target. With Arrow and Python it stays below 1 GB."""
_MOST_THREADS = 4  # each holds buffers of its own, which the limit has to hold together


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSource:
    """A connection that sees the source as the view `source_rows` and can write the target; no other path, no setting.

    `contents`: what the source holds, file by file. `read`: the source's file behind each that is opened for it.
    """

    connection: duckdb.DuckDBPyConnection
    contents: tuple[Content, ...]
    read: Mapping[Path, Path]


@contextmanager
def open_source(source: TableSource, target: Path, served: Path | None = None) -> Iterator[OpenSource]:
    """The source, and the file that is written.

    `served`: the version whose rows are read too. Private copies and what memory does not hold lie beside `target` for
    as long. Raises ConfigError if the source cannot be read as what the manifest says it is.
    """
    with ExitStack() as until_then:
        folder = _scratch_folder(target, until_then)
        private = until_then.enter_context(PrivateFiles(folder, f"{target.name}.source"))
        until_then.callback(rmtree, folder / f"{target.name}.spilled", ignore_errors=True)
        connection = until_then.enter_context(duckdb.connect(config=_settings(folder / f"{target.name}.spilled")))
        connection.execute("SET TimeZone = 'UTC'")
        let_progress_be_seen(connection)
        _attach(connection, target, TARGET)
        if served is not None:
            _attach(connection, served, SERVED, " (READ_ONLY)")
        with _told_to_the_operator():
            read = view_source(connection, source, private, most_left_out=MOST_MISTAKES)
            is_copied = source.format is SourceFormat.POSTGRES
            contents = copied_content(source, private.made) if is_copied else contents_of(source)
        check_once(contents)
        yield OpenSource(connection=connection, contents=contents, read=read)


def _settings(spilled: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        **SAFE,
        "memory_limit": _MEMORY_LIMIT,
        "threads": min(_MOST_THREADS, os.cpu_count() or 1),
        "temp_directory": str(spilled),
    }


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: str = "") -> None:
    literal = exp.Literal.string(str(path)).sql(dialect="duckdb")
    connection.execute(f"ATTACH {literal} AS {name}{options}")


def _scratch_folder(target: Path, until_then: ExitStack) -> Path:
    """Beside the file that is written, where the next ingest removes what a crash leaves; for a dry run elsewhere."""
    if target == IN_MEMORY:
        return Path(until_then.enter_context(TemporaryDirectory(prefix="hansa-")))
    return target.parent


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
