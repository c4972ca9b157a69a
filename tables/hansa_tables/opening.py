"""Opening a source: one view of its rows in a DuckDB connection that can reach nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_tables.delimited import read_delimited, why_not_delimited
from hansa_tables.duckdb_files import read_duckdb, why_no_duckdb
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.file_kind import other_format
from hansa_tables.geojson_files import read_geojson
from hansa_tables.geoparquet_files import read_parquet_file
from hansa_tables.json_lines import read_json_lines, why_no_json_lines
from hansa_tables.nested import flattened
from hansa_tables.postgres import read_postgres
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import SourceFormat, TableSource
from hansa_tables.sqlite_files import read_sqlite
from hansa_tables.table_rows import TableRows
from hansa_tables.workbooks import read_workbook

VIEW = "source_rows"
_SEVERAL = frozenset({"list", "array", "map", "union"})

SAFE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
"""The configuration of a connection that loads nothing from anywhere."""


def view_source(
    connection: duckdb.DuckDBPyConnection, source: TableSource, private: PrivateFiles, *, most_left_out: int = 0
) -> Mapping[Path, Path]:
    """Make the view `source_rows`, then close the connection to every other file and setting.

    `most_left_out`: of the broken lines of delimited text, which otherwise end the reading. Returns the file of the
    source behind each file that is opened.
    Raises UnreadableTableError if the source cannot be read as what it is declared to be.
    """
    with explained(source):
        if source.format is SourceFormat.POSTGRES:
            files: tuple[Path, ...] = ()
            places, readings = [source.told], [read_postgres(source, private)]
        else:
            files = source.files()
            places = list(map(str, files))
            readings = [_reading(connection, path, source, private, most_left_out) for path in files]
        selections = [flattened(connection, reading.rows) for reading in readings]
        rows = _together(connection, places, selections)
        # Parquet leaves NaN out of a column's least and greatest value, and DuckDB takes a column whose two agree for
        # one value throughout: it would read NaN as that value.
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
        connection.execute("SET allowed_paths = $1", [[str(each.path) for each in readings if each.path is not None]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        create_temporary_view(connection, VIEW, rows)
        read = zip((reading.path for reading in readings), files, strict=False)
        return {opened: original for opened, original in read if opened is not None}


def create_temporary_view(connection: duckdb.DuckDBPyConnection, name: str, rows: exp.Query) -> None:
    """A view that reaches no file."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    view = exp.Create(this=exp.to_table(name), kind="VIEW", expression=rows, properties=temporary)
    connection.execute(view.sql(dialect="duckdb"))


@contextmanager
def explained(source: TableSource) -> Iterator[None]:
    """Turns DuckDB's failure to read the source into the place and the cause."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise  # which is no fault of the source
    except duckdb.Error as error:
        raise _why(source, error) from None


def columns_of(connection: duckdb.DuckDBPyConnection, selection: exp.Select | None = None) -> list[str]:
    """The names of the columns, as the source writes them."""
    selection = exp.select("*").from_(VIEW) if selection is None else selection
    return list(connection.sql(selection.sql(dialect="duckdb")).columns)


def list_columns(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The columns of which a cell holds several values."""
    relation = connection.sql(exp.select("*").from_(VIEW).sql(dialect="duckdb"))
    kinds = zip(relation.columns, relation.types, strict=True)
    return frozenset(name for name, kind in kinds if kind.id in _SEVERAL)


def _reading(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    source: TableSource,
    private: PrivateFiles,
    most_left_out: int,
) -> TableRows:
    match source.format:
        case SourceFormat.CSV | SourceFormat.TSV:
            return read_delimited(path, source, private, most_left_out=most_left_out)
        case SourceFormat.JSONL:
            return read_json_lines(connection, path, source, private)
        case SourceFormat.DUCKDB:
            return read_duckdb(connection, path, source)
        case SourceFormat.SQLITE:
            return read_sqlite(path, source, private)
        case SourceFormat.EXCEL:
            return read_workbook(path, source, private)
        case SourceFormat.GEOJSON:
            return read_geojson(path, source, private)
        case _:
            return read_parquet_file(connection, path)


def _together(
    connection: duckdb.DuckDBPyConnection, places: Sequence[str], selections: Sequence[exp.Select]
) -> exp.Query:
    """All rows, of files that have the same columns in whatever order."""
    first = columns_of(connection, selections[0])
    ordered: list[exp.Query] = []
    for place, selection in zip(places, selections, strict=True):
        names = columns_of(connection, selection)
        _check_same(place, names, places[0], first)
        ordered.append(exp.select(*(exp.column(name, quoted=True) for name in first)).from_(selection.subquery()))
    together = ordered[0]
    for other in ordered[1:]:
        together = exp.union(together, other, distinct=False)
    return together


def _check_same(place: str, names: Iterable[str], first_place: str, first: Iterable[str]) -> None:
    for missing, here, there in (
        (sorted(set(first) - set(names)), place, first_place),
        (sorted(set(names) - set(first)), first_place, place),
    ):
        if missing:
            rule = f"has no column {quoted(missing[0])}, which {there} has"
            raise UnreadableTableError(here, rule, "files that are read as one table have the same columns; mend one")


def _why(source: TableSource, error: duckdb.Error) -> UnreadableTableError:
    for path in source.files():
        found = _why_of(path, source, error) or other_format(path, source)
        if found is not None:
            return found
    reason = str(error).strip().splitlines()[0]
    remedy = "replace the file by an intact one, or correct source.format"
    return UnreadableTableError(source.told, f"cannot be read as {source.format} ({reason})", remedy)


def _why_of(path: Path, source: TableSource, error: duckdb.Error) -> UnreadableTableError | None:
    match source.format:
        case SourceFormat.CSV | SourceFormat.TSV:
            return why_not_delimited(path, source)
        case SourceFormat.JSONL:
            return why_no_json_lines(path, source)
        case SourceFormat.DUCKDB:
            return why_no_duckdb(path, error)
        case _:
            return None
