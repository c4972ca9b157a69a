"""Lines that a reader leaves out: ragged ones, and single ones in another encoding than their file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from hansa_tables.delimited import TableHead, head_of, ragged_line, why_not_delimited
from hansa_tables.encodings import Undecodable
from hansa_tables.errors import UnreadableTableError
from hansa_tables.source import TableSource
from hansa_tables.text_files import opened, wrong_encoding

MOST_MISTAKES = 500_000
"""Cells that are missing, too many or foreign: with more, a file is another table than it is declared to be."""
_MOST_TOLD = 5
_RAGGED = ("MISSING COLUMNS", "TOO MANY COLUMNS")
_OTHER_ENCODING = "INVALID ENCODING"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutLines:
    """How many lines are no rows, by rule: `ragged` or `encoding`. `told`: the first ones, with place and content."""

    ragged: int = 0
    encoding: int = 0
    told: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self.ragged + self.encoding


def left_out_lines(
    connection: duckdb.DuckDBPyConnection, source: TableSource, read: Mapping[Path, Path]
) -> LeftOutLines:
    """What the connection left out when it read the source. `read`: the file behind each that was opened.

    Raises UnreadableTableError where a quoted cell does not end, which hides the lines after it; where a whole file is
    in another encoding; and where there are MOST_MISTAKES.
    """
    if not source.format.is_delimited:
        return LeftOutLines()
    found: dict[Path, dict[int, str]] = {}
    for name, place, kind in _rejects(connection):
        lines = found.setdefault(Path(name), {})
        if lines.get(place) != _OTHER_ENCODING:  # what is ragged too, is so for its encoding
            lines[place] = kind
    (mistakes,) = connection.execute("SELECT count(*) FROM reject_errors").fetchall()[0]
    for path, lines in found.items():
        _check_whole(read[path], path, source, lines, may_lack_some=mistakes >= MOST_MISTAKES)
    kinds = [kind for lines in found.values() for kind in lines.values()]
    told = (text for path in read if path in found for text in _told(read[path], path, source, found[path]))
    return LeftOutLines(
        ragged=sum(kind in _RAGGED for kind in kinds),
        encoding=kinds.count(_OTHER_ENCODING),
        told=tuple(islice(told, _MOST_TOLD)),
    )


def _rejects(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Path, place of the line's first byte and kind of each mistake."""
    query = """
        SELECT DISTINCT file_path, line_byte_position - 1, error_type::VARCHAR
        FROM reject_errors JOIN reject_scans USING (scan_id, file_id) ORDER BY ALL
    """
    return connection.execute(query).fetchall()  # which another cursor does not see: they are temporary


def _check_whole(
    original: Path, path: Path, source: TableSource, lines: Mapping[int, str], *, may_lack_some: bool
) -> None:
    """Raise UnreadableTableError where the file is not the table with a few broken lines that it seems."""
    if may_lack_some or set(lines.values()) - {*_RAGGED, _OTHER_ENCODING}:
        why = why_not_delimited(original, source)
        raise why or UnreadableTableError(str(original), "cannot be read as it is declared", "correct source")
    foreign = sum(kind == _OTHER_ENCODING for kind in lines.values())
    if foreign and not _has_more_of_its_own(path, source, foreign):
        why = why_not_delimited(original, source)
        raise why or UnreadableTableError(str(original), "is in another encoding", "declare its encoding", "encoding")


def _has_more_of_its_own(path: Path, source: TableSource, foreign: int) -> bool:
    """Whether more lines are in UTF-8 beyond ASCII than not: a file of which all such lines are foreign is foreign."""
    own = 0
    with opened(path, source) as stream:
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode()
            except UnicodeDecodeError:
                continue
            own += 1
            if own > foreign:
                return True
    return False


def _told(original: Path, path: Path, source: TableSource, lines: Mapping[int, str]) -> Iterator[str]:
    """What is wrong with the first lines, in the order of the file."""
    head, places = head_of(original, source), sorted(lines)[:_MOST_TOLD]
    with opened(path, source) as stream:
        start = 0
        for number, line in enumerate(stream, start=1):
            if not places:
                return
            # A place can be that of a line's end before it.
            content = line.rstrip(b"\r\n")
            if content and places[0] < start + len(content):
                broken = Undecodable(line=number, content=content)
                yield str(_mistake(original, broken, head, source, lines[places.pop(0)]))
            start += len(line)


def _mistake(path: Path, line: Undecodable, head: TableHead, source: TableSource, kind: str) -> UnreadableTableError:
    if kind == _OTHER_ENCODING:
        return wrong_encoding(path, line, source.text.encoding)
    return ragged_line(path, line.line, line.content.decode(errors="replace"), head, source.text)
