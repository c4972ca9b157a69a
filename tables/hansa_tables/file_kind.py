"""File kinds: the format of a file by its first bytes, which its name may get wrong."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from hansa_tables.errors import UnreadableTableError
from hansa_tables.source import SourceFormat, TableSource
from hansa_tables.text_files import opened

_MARKS = {
    b"PAR1": SourceFormat.PARQUET,
    b"SQLite format 3\0": SourceFormat.SQLITE,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": SourceFormat.EXCEL,
}
_START_BYTES = 1 << 16


def format_of(path: Path, member: str | None = None) -> SourceFormat:
    """What a file is. `member`: which of an archive is meant.

    Raises UnreadableTableError where it cannot be read, or is JSON of another form.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as failure:
        rule = f"cannot be read ({failure.strerror})"
        raise UnreadableTableError(str(path), rule, "give the path of the city's file") from None
    marked = _marked(start)
    if marked is not None:
        return marked
    if zipfile.is_zipfile(path) and _is_workbook(path):
        return SourceFormat.EXCEL
    return _format_of_text(path, member)


def other_format(path: Path, source: TableSource) -> UnreadableTableError | None:
    """The error about a file that is of another format than is declared, by its first bytes; None where it is not."""
    try:
        found = format_of(path, source.member)
    except UnreadableTableError as error:
        return error
    if found is source.format or (found.is_delimited and source.format.is_delimited):
        return None
    return _other(path, source, found)


def check_is_text(path: Path, source: TableSource) -> None:
    """Raise UnreadableTableError where the first bytes are those of a format that is no text."""
    with path.open("rb") as file:
        found = _marked(file.read(64))
    if found is not None:
        raise _other(path, source, found)


def _other(path: Path, source: TableSource, found: SourceFormat) -> UnreadableTableError:
    rule = f"cannot be read as {source.format}, and looks like {found}"
    return UnreadableTableError(str(path), rule, f"if it is, declare format: {found}", "format", found)


def _marked(start: bytes) -> SourceFormat | None:
    if start[8:12] == b"DUCK":
        return SourceFormat.DUCKDB
    return next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), None)


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return bool({"[Content_Types].xml", "mimetype"} & set(archive.namelist()))


def _format_of_text(path: Path, member: str | None) -> SourceFormat:
    with opened(path, TableSource(format=SourceFormat.CSV, paths=(path,), member=member)) as stream:
        start = stream.read(_START_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:6].lower() in (b"<html>", b"<html ", b"<table", b"<!doct", b"<?xml "):
        rule = "is a web page or XML, which some systems call a workbook"
        raise UnreadableTableError(str(path), rule, "open it in a spreadsheet and save it as .xlsx or CSV")
    if start.startswith(b"["):
        try:
            json.loads(start[: start.find(b"}") + 1] + b"]")
        except ValueError:
            return SourceFormat.CSV
        rule, remedy = "is one JSON list of objects", "write one object a line (JSON lines), as `jq -c .[]` does"
        raise UnreadableTableError(str(path), rule, remedy)
    if start.startswith(b"{"):
        is_geo = b'"FeatureCollection"' in start[:_START_BYTES]
        return SourceFormat.GEOJSON if is_geo else SourceFormat.JSONL
    first = start.partition(b"\n")[0]
    return SourceFormat.TSV if b"\t" in first and not set(b",;|") & set(first) else SourceFormat.CSV
