"""Lines of rows: where in its file a row stands that is known by its number."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hansa_tables.delimited import rows_of
from hansa_tables.errors import UnreadableTableError
from hansa_tables.source import SourceFormat, TableSource
from hansa_tables.text_files import opened_text

MOST_ROWS = 5_000_000
"""How far a file is read again for a line: some seconds."""


def lines_of_rows(source: TableSource, files: Iterable[Path], rows: Collection[int]) -> Mapping[int, tuple[Path, int]]:
    """File and line, from 1, of each row, from 1 over all files; of text with a row a line or more, and not too far."""
    wanted = {row for row in rows if row <= MOST_ROWS}
    found: dict[int, tuple[Path, int]] = {}
    if not wanted or not (source.format.is_delimited or source.format is SourceFormat.JSONL):
        return found
    # A line that cannot be read again is told without.
    with suppress(UnreadableTableError, csv.Error):
        for row, place in enumerate(_places(source, files), start=1):
            if row in wanted:
                found[row] = place
                if len(found) == len(wanted):
                    break
    return found


def _places(source: TableSource, files: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    for path in files:
        lines = rows_of(path, source) if source.format.is_delimited else _written_lines(path, source)
        for line in lines:
            yield path, line


def _written_lines(path: Path, source: TableSource) -> Iterator[int]:
    with opened_text(path, source) as text:
        for number, line in enumerate(text, start=1):
            if line.strip():
                yield number
