"""Proposed sources: where a table lies and how it most likely is written, in the keys of a manifest."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb

from hansa_tables.drafting.text_shape import text_shape
from hansa_tables.errors import UnreadableTableError
from hansa_tables.file_kind import format_of
from hansa_tables.source import SourceFormat, TableSource, TextForm
from hansa_tables.text_files import compression_of, members_of
from hansa_tables.workbooks import filled_sheets

_TABLES = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".geojson")
_MOST_OTHERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedSource:
    """`keys`: as a manifest writes them, without the path. `doubts`: by key, what a person has to look at."""

    source: TableSource
    keys: Mapping[str, object]
    doubts: Mapping[str, str]


def proposed_source(paths: Sequence[Path]) -> ProposedSource:
    """Of files that are read as one table. Raises UnreadableTableError."""
    files = TableSource(format=SourceFormat.CSV, paths=tuple(paths)).files()
    member, others = _member(files[0])
    kinds = {path: format_of(path, member) for path in files}
    kind = kinds[files[0]]
    for path, other in kinds.items():
        if other is not kind:
            raise UnreadableTableError(str(path), f"is {other}, and {files[0]} is {kind}", "draft them one by one")
    if kind.is_text:
        shape = text_shape(files[0], kind, member)
        source = TableSource(format=kind, paths=tuple(paths), text=shape.form, member=member)
        keys = _text_keys(kind, shape.form) | ({} if member is None else {"member": member})
        doubts = shape.doubts | ({} if member is None else {"member": f"there are others, too: {', '.join(others)}"})
        return ProposedSource(source=source, keys=keys, doubts=doubts)
    if kind is SourceFormat.PARQUET:
        return ProposedSource(
            source=TableSource(format=kind, paths=tuple(paths)), keys={"format": kind.value}, doubts={}
        )
    return _of_parts(kind, paths)


def _member(path: Path) -> tuple[str | None, Sequence[str]]:
    """The largest file of an archive that is named like a table, and the others; None where there is but one."""
    if compression_of(path) != "zip" or not zipfile.is_zipfile(path):
        return None, ()
    names = list(members_of(path))
    if len(names) < 2 or "[Content_Types].xml" in names or "mimetype" in names:  # the last two: of a workbook
        return None, ()
    named = [name for name in names if name.lower().endswith(_TABLES)]
    member = (named or names)[0]
    return member, [name for name in names if name != member][:_MOST_OTHERS]


def _text_keys(kind: SourceFormat, form: TextForm) -> dict[str, object]:
    """The keys that say something else than would be taken without them."""
    usual = TextForm(delimiter="\t" if kind is SourceFormat.TSV else ",")
    keys: dict[str, object] = {"format": kind.value}
    for key in ("encoding", "delimiter", "quote", "escape", "skip_lines", "header", "comment"):
        value = getattr(form, key)
        if value == getattr(usual, key) or (key == "escape" and value == form.quote):
            continue
        keys[key] = list(value) if isinstance(value, tuple) else value
    return keys


def _of_parts(kind: SourceFormat, paths: Sequence[Path]) -> ProposedSource:
    """A sheet of a workbook, or a table of a database; where there are several, the first is proposed."""
    key, names = (
        ("sheet", filled_sheets(paths[0])) if kind is SourceFormat.EXCEL else ("table", _tables(kind, paths[0]))
    )
    if not names:
        raise UnreadableTableError(str(paths[0]), f"has no {key} with rows", "give the file that has the table")
    others = ", ".join(names[1:])
    doubts = {key: f"there are others, too: {others}"} if others else {}
    written = {key: names[0]} if others or key == "table" else {}
    source = TableSource(format=kind, paths=tuple(paths), **written)  # type: ignore[arg-type]
    return ProposedSource(source=source, keys={"format": kind.value, **written}, doubts=doubts)


def _tables(kind: SourceFormat, path: Path) -> list[str]:
    try:
        if kind is SourceFormat.SQLITE:
            with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
                found = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
        else:
            with duckdb.connect(str(path), read_only=True) as database:
                found = database.execute(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
                ).fetchall()
    except (sqlite3.Error, duckdb.Error) as error:
        rule = f"cannot be read as {kind} ({str(error).strip().splitlines()[0]})"
        raise UnreadableTableError(str(path), rule, "check the file, or give an intact copy") from None
    return [str(name) for (name,) in found]
