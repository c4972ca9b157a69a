"""Sources: what a table is, where it lies, and how its text is written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum
from glob import glob, has_magic
from pathlib import Path

from hansa_tables.errors import UnreadableTableError

SPACES = " \u00a0\u2009\u202f"
"""Characters that files write between thousands where a blank is meant."""


class SourceFormat(StrEnum):
    """The kinds of table that can be read."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    DUCKDB = "duckdb"
    SQLITE = "sqlite"
    EXCEL = "excel"
    GEOJSON = "geojson"
    POSTGRES = "postgres"

    @property
    def is_delimited(self) -> bool:
        """Whether lines of cells with a sign between them."""
        return self in (SourceFormat.CSV, SourceFormat.TSV)

    @property
    def is_text(self) -> bool:
        """Whether a text, which may be packed."""
        return self.is_delimited or self in (SourceFormat.JSONL, SourceFormat.GEOJSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """How delimited text is written.

    `escape`: what stands before a quote in a quoted cell. `skip_lines`: lines before the header, blank ones not counted
    twice. `header`: whether the first line names the columns, or their names. `comment`: what a line starts with that
    counts for nothing. Raises ValueError.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    skip_lines: int = 0
    header: bool | tuple[str, ...] = True
    comment: str = ""

    def __post_init__(self) -> None:
        if not _is_encoding(self.encoding):
            raise ValueError(f"encoding: {self.encoding!r} is no encoding; write such as windows-1252")
        for name, sign, may_be_empty in (
            ("delimiter", self.delimiter, False),
            ("quote", self.quote, True),
            ("escape", self.escape, True),
            ("comment", self.comment, True),
        ):
            if len(sign) != 1 and not (may_be_empty and not sign):
                raise ValueError(f"{name}: must be one character")
        if self.delimiter in (self.quote, self.comment):
            raise ValueError("delimiter: is the quote or the comment sign too; write another one")
        if self.skip_lines < 0:
            raise ValueError("skip_lines: must be 0 or more")

    @property
    def is_utf8(self) -> bool:
        """Whether the text is UTF-8 as it lies there."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig", "ascii")


def _is_encoding(name: str) -> bool:
    try:
        b" ".decode(name)
    except LookupError:  # of no codec, or of one that does not make text
        return False
    except UnicodeError:  # half a character of UTF-16
        return True
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """A table where it lies. `paths`: files, or patterns such as `2024-*.csv`, read as one table; none of a database.

    `member`: the file in a zip archive. `schema`, `table`: of a database. `sheet`, `cells`: of a workbook, such as
    `A3:F200`. `query`: what a PostgreSQL is asked instead of a table. `dsn`: how a PostgreSQL is reached.
    """

    format: SourceFormat
    paths: tuple[Path, ...] = ()
    text: TextForm = TextForm()
    member: str | None = None
    schema: str | None = None
    table: str | None = None
    sheet: str | None = None
    cells: str | None = None
    query: str | None = None
    dsn: str | None = None

    def files(self) -> tuple[Path, ...]:
        """The files that are there, in the order of their names. Raises UnreadableTableError where one is missing."""
        found: dict[Path, None] = {}
        for path in self.paths:
            matched = [path] if path.is_file() else sorted(map(Path, glob(str(path), recursive=True)))
            files = [each for each in matched if each.is_file()]
            if not files and has_magic(str(path)):
                raise UnreadableTableError(str(path), "matches no file", "correct the pattern, or put the files there")
            if not files:
                raise UnreadableTableError(str(path), "is no file", "give the path of the city's file")
            found.update(dict.fromkeys(files))
        return tuple(found)

    @property
    def told(self) -> str:
        """Where the table lies, for a person."""
        if self.format is SourceFormat.POSTGRES:
            return "the PostgreSQL"
        return ", ".join(map(str, self.paths))
