"""The analyst's own files: delimited text whose columns get types only where no value loses anything by it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hansa_tables.errors import UnreadableTableError
from hansa_tables.source import SourceFormat, TableSource, TextForm
from hansa_tables.text_table import text_table

_PACKED = (".gz", ".zst", ".zip")
_FORMS = {
    ".csv": (SourceFormat.CSV, TextForm()),
    ".tsv": (SourceFormat.TSV, TextForm(delimiter="\t")),
}
_LEADING_ZERO = r"^\s*[+-]?0[0-9]"
_NO_VALUE = pa.array(["NA", "N/A", "NaN", "nan", "NULL", "null", "None"])
"""What stands for NULL in a column of numbers, dates or truth values; a text says what it says."""
_KINDS = (pa.int64(), pa.float64(), pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.bool_())


def is_delimited(path: Path) -> bool:
    """Whether the name is one of a CSV or TSV file, compressed or not."""
    return _suffix(path) in _FORMS


def read_own_file(path: Path) -> tuple[pa.Table, str | None]:
    """The table of a delimited file, and the name of a row number that was left out of it. Raises UnreadableTableError.

    A column of which a value starts with a needless zero is text, as a postcode is: 01067 is not 1067.
    """
    kind, form = _FORMS[_suffix(path)]
    table = text_table(TableSource(format=kind, paths=(path.absolute(),), text=form))
    dropped = stray_index(table)
    if dropped is not None:
        table = table.drop_columns([dropped])
    return pa.table([_typed(column) for column in table.columns], names=table.column_names), dropped


def stray_index(table: pa.Table) -> str | None:
    """The first column's name, where that column has no name of its own and numbers the rows: a frame's index."""
    first = table.column_names[0]
    if table.num_columns == 1 or first not in ("column1", "Unnamed: 0"):
        return None
    return first if table.column(0).to_pylist() == [str(row) for row in range(table.num_rows)] else None


def what_to_do(error: UnreadableTableError) -> str:
    """The analyst's remedy: they declare nothing about a file, and give a frame where it is no plain one."""
    match error.key, error.value:
        case "encoding", str(encoding):
            return f"read it with pandas.read_csv(…, dtype=str, encoding={encoding!r}) and give the frame"
        case "delimiter", str(sign):
            return f"read it with pandas.read_csv(…, dtype=str, sep={sign!r}) and give the frame"
        case (("encoding" | "delimiter" | "quote" | "header" | "format" | "member"), _):
            return "save it as UTF-8 with commas, a header and one table, or read it with pandas and give the frame"
        case _:
            return error.remedy


def _suffix(path: Path) -> str:
    name = Path(path.stem) if path.suffix.lower() in _PACKED else path
    return name.suffix.lower()


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in the first type that all its values have."""
    if column.null_count == len(column) or pc.any(pc.match_substring_regex(column, _LEADING_ZERO)).as_py():
        return column
    values = pc.if_else(pc.is_in(column, _NO_VALUE), pa.scalar(None, column.type), column)
    if values.null_count == len(values):
        return column
    for kind in _KINDS:
        try:
            return values.cast(kind)
        except pa.ArrowInvalid:
            continue
    return column
