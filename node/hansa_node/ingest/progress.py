"""Progress of an ingest on a terminal: how many rows are read or written, and how long the rest takes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hansa_tables.source import SourceFormat, TableSource
from hansa_tables.text_files import compression_of

_LOOK_EVERY_S = 0.2
_SAMPLE_BYTES = 1 << 20


class IngestProgress:
    """Shows a bar for each step, where the console is a terminal, and takes it away at its end."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def is_shown(self) -> bool:
        """Whether anybody sees it: where it is no terminal, nothing need be found out for it."""
        return self._console.is_terminal

    @contextmanager
    def of_step(self, connection: duckdb.DuckDBPyConnection, what: str, rows: int | None) -> Iterator[None]:
        """Follow what the connection does in the block. `rows`: about how many there are; None where nobody knows."""
        if not self.is_shown:
            yield
            return
        counted = "{task.completed:>12,.0f} of about {task.total:,.0f} rows" if rows else "{task.percentage:>3.0f} %"
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn(counted), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            task, ended = bar.add_task(what, total=rows or 100), threading.Event()
            watch = threading.Thread(target=_follow, args=(connection, bar, task, ended), name="ingest progress")
            watch.start()
            try:
                yield
                bar.update(task, completed=rows or 100)
            finally:
                ended.set()
                watch.join()


def let_progress_be_seen(connection: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB keep count of what it does, and print nothing itself."""
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")


def expected_rows(connection: duckdb.DuckDBPyConnection, source: TableSource, read: Iterable[Path]) -> int | None:
    """About how many rows the view `source_rows` has; None of packed text, whose size says nothing."""
    if not source.format.is_delimited and source.format is not SourceFormat.JSONL:
        (rows,) = connection.execute("SELECT count(*) FROM source_rows").fetchall()[0]
        return int(rows)
    files = tuple(read)
    if any(compression_of(path) != "none" for path in files):
        return None
    return sum(map(_lines, files))


def _lines(path: Path) -> int:
    """By the length of the first lines."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return round(path.stat().st_size * sample.count(b"\n") / len(sample)) if sample else 0


def _follow(connection: duckdb.DuckDBPyConnection, bar: Progress, task: TaskID, ended: threading.Event) -> None:
    """A step is one long statement and some short ones after it, whose shares of themselves count for nothing."""
    furthest = 0.0
    while not ended.wait(_LOOK_EVERY_S):
        furthest = max(furthest, connection.query_progress())
        bar.update(task, completed=furthest / 100 * (bar.tasks[task].total or 0))
