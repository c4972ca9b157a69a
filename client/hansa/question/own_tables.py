"""The analyst's own tables, read from frames and files into plain Arrow tables that the outer SQL may join."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from hansa.question.left_out import LEFT_OUT
from hansa.question.own_files import is_delimited, read_own_file, what_to_do
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_tables.errors import UnreadableTableError

MAX_OWN_BYTES = 1024 * 1024 * 1024

_FRAME_INDEX = re.compile(r"__index_level_[0-9]+__")
"""What Arrow calls a frame's index that has no name."""


def read_own_tables(tables: Mapping[str, object]) -> dict[str, pa.Table]:
    """Each table by its name in lower case. Raises RefusedError `own_table` that names the table and the column.

    A table is a pandas or polars frame, anything that speaks Arrow's C stream, or the path of a Parquet or CSV file.
    Files are read here, and by Arrow: the database that joins them opens none.
    """
    return {name.lower(): _plain(name, _without_index(_read(name, given))) for name, given in tables.items()}


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
    except UnreadableTableError as error:
        raise _refused(name, f"{error.place} {error.rule}", what_to_do(error)) from None
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
    if is_delimited(path):
        path.stat()
        table, left_out = read_own_file(path)
        return table if left_out is None else table.replace_schema_metadata({LEFT_OUT: left_out})
    raise _refused(name, f"{path.name} is no .parquet, .csv or .tsv file", "save it as Parquet")


def _without_index(table: pa.Table) -> pa.Table:
    """Without a data frame's index that has no name."""
    names = [name for name in table.column_names if _FRAME_INDEX.fullmatch(name)]
    return table.drop_columns(names).replace_schema_metadata({LEFT_OUT: names[0]}) if names else table


def _plain(name: str, table: pa.Table) -> pa.Table:
    """The table in types that the outer SQL knows. Raises RefusedError."""
    if table.nbytes > MAX_OWN_BYTES:
        raise _refused(name, f"an own table has at most {MAX_OWN_BYTES >> 20} MiB", "select what you join")
    twice = [column for column, count in Counter(table.column_names).items() if count > 1]
    if twice:
        places = " and ".join(str(place) for place, one in enumerate(table.column_names, start=1) if one == twice[0])
        raise _refused(name, f"columns {places} are both called {shown(twice[0])}", "rename one")
    fields = [pa.field(field.name, _plain_type(name, field)) for field in table.schema]
    left_out = (table.schema.metadata or {}).get(LEFT_OUT)
    try:
        return pa.Table.from_arrays(
            [column.cast(field.type) for column, field in zip(table.columns, fields, strict=True)],
            schema=pa.schema(fields, None if left_out is None else {LEFT_OUT: left_out}),
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
