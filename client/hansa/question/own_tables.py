"""The analyst's own tables, read from frames and files into plain Arrow tables that the outer SQL may join."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from hansa_core.errors import RefusedError
from hansa_core.nearest import shown

MAX_OWN_BYTES = 1024 * 1024 * 1024


def read_own_tables(tables: Mapping[str, object]) -> dict[str, pa.Table]:
    """Each table by its name in lower case. Raises RefusedError `own_table` that names the table and the column.

    A table is a pandas or polars frame, anything that speaks Arrow's C stream, or the path of a Parquet or CSV file.
    Files are read here, and by Arrow: the database that joins them opens none.
    """
    return {name.lower(): _plain(name, _read(name, given)) for name, given in tables.items()}


def _read(name: str, given: object) -> pa.Table:
    try:
        match given:
            case pa.Table():
                return given
            case str() | Path():
                return _read_file(name, Path(given).expanduser())
        if hasattr(given, "__arrow_c_stream__"):
            return pa.table(given)
        if type(given).__module__.partition(".")[0] == "pandas":
            return pa.Table.from_pandas(given, preserve_index=False)
    except FileNotFoundError:
        raise _refused(name, f"there is no file {given}", "check the path") from None
    except (OSError, pa.ArrowException) as error:
        raise _refused(name, f"it cannot be read: {str(error).partition(chr(10))[0]}", "check the file") from None
    remedy = "give a DataFrame, an Arrow table, or the path of a Parquet or CSV file"
    raise _refused(name, f"{type(given).__name__} is no table", remedy)


def _read_file(name: str, path: Path) -> pa.Table:
    if path.suffix.lower() == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetFile(path).read()
    if path.suffix.lower() == ".csv":
        from pyarrow import csv

        return csv.read_csv(path)
    raise _refused(name, f"{path.name} is no .parquet or .csv file", "save it as Parquet")


def _plain(name: str, table: pa.Table) -> pa.Table:
    """The table in types that the outer SQL knows. Raises RefusedError."""
    if table.nbytes > MAX_OWN_BYTES:
        raise _refused(name, f"an own table has at most {MAX_OWN_BYTES >> 20} MiB", "select what you join")
    fields = [pa.field(field.name, _plain_type(name, field)) for field in table.schema]
    try:
        return pa.Table.from_arrays(
            [column.cast(field.type) for column, field in zip(table.columns, fields, strict=True)],
            schema=pa.schema(fields),
        )
    except pa.ArrowException as error:
        raise _refused(name, f"a value does not fit: {error}", "clean the column first") from None


def _plain_type(name: str, field: pa.Field) -> pa.DataType:
    kind: Any = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    for of_kind, plain in (
        (pa.types.is_boolean, pa.bool_()),
        (pa.types.is_integer, pa.int64()),
        (pa.types.is_floating, pa.float64()),
        (pa.types.is_date, pa.date32()),
        (pa.types.is_timestamp, pa.timestamp("us")),  # a moment with a zone becomes that moment in UTC
        (pa.types.is_null, pa.string()),
    ):
        if of_kind(kind):
            return plain
    if pa.types.is_decimal(kind):
        return kind if pa.types.is_decimal128(kind) else pa.decimal128(38, kind.scale)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    rule = f"column {shown(field.name)} is of type {kind}"
    raise _refused(name, rule, "leave it out, or make it text, numbers, booleans, dates or timestamps")


def _refused(name: str, rule: str, remedy: str) -> RefusedError:
    return RefusedError("own_table", rule, remedy, f"table {shown(name)}")
