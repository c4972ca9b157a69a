"""JSON lines: an object a line, each value as it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.file_kind import check_is_text
from hansa_tables.plain_text import plain_file
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows, reader, texts_by_name
from hansa_tables.text_files import opened_text


def read_json_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, source: TableSource, private: PrivateFiles
) -> TableRows:
    """Raises duckdb.Error, UnreadableTableError."""
    check_is_text(path, source)
    _check_no_list(path, source)
    plain, compression = plain_file(path, source, private)
    form = {
        "format": exp.Literal.string("newline_delimited"),
        "compression": exp.Literal.string(compression),
        "map_inference_threshold": exp.Literal.number(-1),
    }
    every = reader("read_json", plain, sample_size=exp.Literal.number(-1), **form)
    found = connection.sql(exp.select("*").from_(every).sql(dialect="duckdb"))
    if not found.columns:
        raise UnreadableTableError(str(path), "is empty: it has no row", "export the table again")
    # Read again as text: a date or a number that was found out from the values would lose how it is written.
    types = {name: _as_text(kind) for name, kind in zip(found.columns, found.types, strict=True)}
    return TableRows(rows=reader("read_json", plain, columns=texts_by_name(types), **form), path=plain)


def _check_no_list(path: Path, source: TableSource) -> None:
    """Raise UnreadableTableError where the file is one list, of which each object may take several lines, or none."""
    with opened_text(path, source) as text:
        number, first = next(((number, line) for number, line in enumerate(text, start=1) if line.strip()), (0, ""))
    if first.lstrip().startswith("["):
        rule = f"starts one JSON list, and is no object: {quoted(first.strip())}"
        remedy = "write one object a line, as `jq -c .[]` does"
        raise UnreadableTableError(f"{path}, line {number}", rule, remedy, "format")


def why_no_json_lines(path: Path, source: TableSource) -> UnreadableTableError | None:
    """The error about the first line that is no JSON object."""
    with opened_text(path, source) as text:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError as error:
                return UnreadableTableError(
                    f"{path}, line {number}", f"is no JSON ({error}): {quoted(line.rstrip())}", "correct the line"
                )
            if not isinstance(found, dict):
                rule = f"is no JSON object: {quoted(line.rstrip())}"
                return UnreadableTableError(f"{path}, line {number}", rule, "write one object a line", "format")
    return None


def _as_text(kind: Any) -> str:
    if kind.id in ("list", "array"):
        return "VARCHAR[]"
    if kind.id != "struct":
        return "VARCHAR"
    fields = (
        f"{exp.to_identifier(name, quoted=True).sql('duckdb')} {_as_text(inner)}" for name, inner in kind.children
    )
    return f"STRUCT({', '.join(fields)})"
