"""An answer for a program: CSV, JSON, Parquet or an Arrow stream."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hansa.view.render.guarded_text import guard_texts, visible_json

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.coverage import CityReport
    from hansa.answering.marked_cells import MarkedCell
    from hansa.answering.shaped import ShapedAnswer

METADATA_KEY = b"hansa"
"""Where Parquet and Arrow carry, as JSON, what JSON output carries beside the rows."""


class Format(StrEnum):
    """The output formats that `--format` takes."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"

    @property
    def is_binary(self) -> bool:
        return self in (Format.PARQUET, Format.ARROW)


def encode_answer(answer: ShapedAnswer, format_: Format, *, raw: bool = False) -> bytes:
    """The answer in a program's format. CSV has the values alone; every other one also says what is missing and why.

    `raw`: as `encode_table`.
    """
    about = _about(answer)
    if format_ is Format.JSON:
        return _json({"rows": answer.table_rows, **about})
    described = answer.table.replace_schema_metadata({METADATA_KEY: _json(about).strip()})
    return encode_table(described, format_, raw=raw)


def encode_table(table: pa.Table, format_: Format, *, raw: bool = False) -> bytes:
    """A table without marks in a program's format; a missing value is empty in CSV and null elsewhere.

    `raw`: CSV has texts as they came, also those that a spreadsheet would compute; else they are guarded.
    """
    import pyarrow as pa

    if format_ is Format.JSON:
        return _json(table.to_pylist())
    sink = io.BytesIO()
    match format_:
        case Format.CSV:
            from pyarrow import csv

            flat = _flat(table)
            csv.write_csv(flat if raw else guard_texts(flat), sink)
        case Format.PARQUET:
            from pyarrow import parquet

            parquet.write_table(table, sink)
        case Format.ARROW:
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
        case _:
            raise ValueError(f"{format_} is for people; it has no bytes of its own")
    return sink.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    """CSV has no lists: words get spaces between, and the bins of a histogram are one line of JSON."""
    import pyarrow as pa

    from hansa_core.partial.arrow_arrays import array_of  # pa.array would load pandas

    for index, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            joined = " ".join if pa.types.is_string(field.type.value_type) else json.dumps
            texts = [None if values is None else joined(values) for values in table.column(index).to_pylist()]
            table = table.set_column(index, field.name, array_of(texts, pa.string()))
    return table


def _about(answer: ShapedAnswer) -> dict[str, Any]:
    return {
        "contract": str(answer.plan.source),
        "plan_sql": answer.plan_sql,
        "purpose": answer.purpose,
        "query_hash": answer.query_hash.hex(),
        "plan_hash": answer.plan_hash.hex(),
        "cities": [_city(report) for report in answer.cities],
        "suppressed": [_marked(cell) for cell in answer.suppressed],
        "partial": [_marked(cell) for cell in answer.partial],
        "notes": list(answer.notes),
    }


def _city(report: CityReport) -> dict[str, Any]:
    return {
        "city": report.city,
        "state": report.state.value,
        "level": report.level,
        "data_version": report.data_version,
        "code": report.code,
        "rule": report.rule,
        "remedy": report.remedy,
        "proven": report.proven,
        "elapsed_ms": report.elapsed_ms,
    }


def _marked(cell: MarkedCell) -> dict[str, Any]:
    return {"row": cell.row, "column": cell.column, "gaps": dict(cell.gaps)}


def _json(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, default=_plain)
    return visible_json(text).encode() + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
