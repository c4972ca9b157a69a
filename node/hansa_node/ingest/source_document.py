"""The section `source` of a manifest: what a city's own table is, where it lies and how it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from hansa_core.documents.model import ListOf, Text, YamlSection, field_error, one_of
from hansa_node.ingest.texts import Texts, null_words
from hansa_tables.source import SourceFormat, TableSource, TextForm

_DELIMITED = frozenset({SourceFormat.CSV, SourceFormat.TSV})
_TEXT = _DELIMITED | {SourceFormat.JSONL, SourceFormat.GEOJSON}
_POSTGRES = frozenset({SourceFormat.POSTGRES})
_DATABASES = _POSTGRES | {SourceFormat.DUCKDB, SourceFormat.SQLITE}
_EXCEL = frozenset({SourceFormat.EXCEL})

_FORMATS_OF = {
    "path": frozenset(SourceFormat) - _POSTGRES,
    "table": _DATABASES,
    "schema": _DATABASES - {SourceFormat.SQLITE},
    "encoding": _TEXT,
    "member": _TEXT,
    "delimiter": _DELIMITED,
    "quote": _DELIMITED,
    "escape": _DELIMITED,
    "comment": _DELIMITED,
    "skip_lines": _DELIMITED | _EXCEL,
    "header": _DELIMITED | _EXCEL,
    "sheet": _EXCEL,
    "range": _EXCEL,
    "query": _POSTGRES,
    "dsn_file": _POSTGRES,
    "dsn_env": _POSTGRES,
}
"""Which keys are for which formats; the others are for all."""


def _one_or_several(written: object) -> object:
    return [written] if isinstance(written, str) else written


class SourceDocument(YamlSection):
    """The city's own table."""

    format: Annotated[SourceFormat, one_of(SourceFormat)] = Field(description="what it is")
    path: Annotated[ListOf[Text], BeforeValidator(_one_or_several, json_schema_input_type=str | list[str])] = Field(
        (),
        description="a file, a pattern such as 2024-*.csv, or a list; relative ones start at the manifest's folder",
    )
    member: Text | None = Field(None, description="the file in a zip archive of several")
    encoding: Text = Field("utf-8", description="how its text is encoded, such as windows-1252")
    delimiter: Text | None = Field(None, description="the one character between the cells of a csv file")
    quote: str = Field('"', description="what stands around cells that hold a delimiter; empty for none")
    escape: str | None = Field(None, description="what stands before a quote in a cell; the quote itself if left out")
    skip_lines: int = Field(0, ge=0, description="lines before the header; blank ones are skipped anyway")
    header: bool | ListOf[Text] = Field(True, description="false, or the names of the columns, where no line has them")
    comment: Text | None = Field(None, description="the one character that starts a line which counts for nothing")
    decimal: Text = Field(".", description="the decimal sign of numbers, where a column declares none")
    thousands: Text | None = Field(None, description="the sign between thousands, where a column declares none")
    trim: bool = Field(True, description="whether blanks around words count for nothing, where no column says so")
    null_values: Annotated[Texts, BeforeValidator(null_words)] | None = Field(
        None, description="texts that mean NULL in every column that lists none"
    )
    schema_: Text | None = Field(None, alias="schema", description="the schema of a table; main or public if left out")
    table: Text | None = Field(None, description="the table of a database")
    sheet: Text | None = Field(None, description="the sheet of a workbook that has several")
    range_: Text | None = Field(None, alias="range", description="the cells of a sheet with their header, as A3:F200")
    query: Text | None = Field(None, description="one SELECT, in place of a table")
    dsn_file: Text | None = Field(None, description="the file with the connection string of a PostgreSQL")
    dsn_env: Text | None = Field(None, description="the environment variable with that connection string")


def table_source(written: SourceDocument, folder: Path) -> TableSource:
    """Raises ValueError that names field, rule and remedy. `folder`: where relative paths start."""
    _check_keys(written)
    return TableSource(
        format=written.format,
        paths=tuple(Path(os.path.abspath(folder / path)) for path in written.path),
        text=_text_form(written),
        member=written.member,
        schema=written.schema_,
        table=written.table,
        sheet=written.sheet,
        cells=written.range_,
        query=written.query,
        dsn=_dsn(written, folder) if written.format in _POSTGRES else None,
    )


def _check_keys(written: SourceDocument) -> None:
    kind = written.format
    for field in sorted(written.model_fields_set):
        key = field.removesuffix("_")
        formats = _FORMATS_OF.get(key)
        if formats is not None and kind not in formats:
            raise field_error(f"source.{key}", f"is for {', '.join(sorted(formats))}, not for {kind}", "leave it out")
    if kind in _DATABASES and (written.table is None) == (written.query is None):
        rule = "a PostgreSQL is read by table or by query" if kind in _POSTGRES else "names the table that is read"
        raise field_error("source.table", rule, "write one of them" if kind in _POSTGRES else "write its name")
    if kind not in _POSTGRES and not written.path:
        raise field_error("source.path", "is missing", "write where the file lies")
    if kind is SourceFormat.DUCKDB and len(written.path) != 1:
        raise field_error("source.path", "a duckdb file is read by itself", "write one")
    if written.query is not None and written.schema_ is not None:
        raise field_error("source.schema", "a query names its schemas itself", "leave it out")


def _text_form(written: SourceDocument) -> TextForm:
    delimiter = written.delimiter or ("\t" if written.format is SourceFormat.TSV else ",")
    try:
        return TextForm(
            encoding=written.encoding.lower(),
            delimiter=delimiter,
            quote=written.quote,
            escape=written.quote if written.escape is None else written.escape,
            skip_lines=written.skip_lines,
            header=written.header,
            comment=written.comment or "",
        )
    except ValueError as error:
        raise ValueError(f"source.{error}") from None


def _dsn(written: SourceDocument, folder: Path) -> str:
    if (written.dsn_file is None) == (written.dsn_env is None):
        rule = "a PostgreSQL is reached by a connection string, which holds a password and stays out of the manifest"
        raise field_error("source.dsn_file", rule, "write either dsn_file or dsn_env")
    if written.dsn_env is not None:
        if not (found := os.environ.get(written.dsn_env)):
            raise field_error("source.dsn_env", f"{written.dsn_env} is not set", "set it for the node's user")
        return found
    path = folder / str(written.dsn_file)
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise field_error("source.dsn_file", f"{path} cannot be read", "write the connection string there") from None
