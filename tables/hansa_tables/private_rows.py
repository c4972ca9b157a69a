"""Private rows: a table that DuckDB does not read by itself, as a private Parquet file of texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from hansa_tables.table_rows import TableRows, reader

_BATCH_ROWS = 10_000
_EXACT = 2.0**53  # up to here a float is the whole number that it says


def private_rows(names: Sequence[str], rows: Iterable[Sequence[object]], path: Path) -> TableRows:
    """Rows of one cell a name, written to `path` batch by batch, so that no more than one is in memory."""
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    rows = iter(rows)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH_ROWS)):
            columns = zip(*batch, strict=True)
            writer.write_batch(
                pa.record_batch([pa.array(map(as_text, column), pa.string()) for column in columns], schema=schema)
            )
    return TableRows(rows=reader("read_parquet", path), path=path)


def as_text(value: object) -> str | None:
    """A typed value as the text that stands for it: whole floats without a point, times in ISO 8601.

    A duration is written as timetables do, 25:30:00.
    """
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) <= _EXACT:  # above, repr shows what is known of it
            return str(int(value))
        case timedelta():
            return _clock(value)
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _clock(duration: timedelta) -> str:
    """Hours, minutes and seconds, past 24:00 too, as timetables write them."""
    seconds = abs(duration)
    minutes, second = divmod(seconds // timedelta(seconds=1), 60)
    hour, minute = divmod(minutes, 60)
    part = f".{seconds.microseconds:06}".rstrip("0") if seconds.microseconds else ""
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{hour}:{minute:02}:{second:02}{part}"
