"""Published tables in a dataset file: one table each, one row per cell, a suppressed cell with its cause alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from hansa_core.errors import ConfigError
from hansa_core.partial.partial import MOMENT_TYPE
from hansa_core.plan.moments import MomentKind
from hansa_core.protection.primary import Cause
from hansa_core.protection.publish import Publication
from hansa_core.protection.table_cover import Figure
from hansa_core.protection.tables import Figures, PublishedCell, PublishedTable, TableShape

CAUSE_COLUMN = "cause"
"""Why a cell is suppressed; NULL of one that is shown."""


def figure_column(figure: Figure) -> str:
    """The column that holds a figure: `rows`, `units`, `count_x`, `sum_x` (in quanta)."""
    match figure.kind:
        case MomentKind.ROWS:
            return "rows"
        case MomentKind.DISTINCT:
            return "units"
        case _:
            return f"{figure.kind.value}_{figure.measure}"


def write_published(
    connection: duckdb.DuckDBPyConnection, catalogue: str, table: PublishedTable, causes: Mapping[int, Cause]
) -> None:
    """Add the table, under its own name, to an attached file. `catalogue` is a name of our own.

    `causes`: of the table's suppressed cells, by number.
    """
    from sqlglot import exp  # which a node that only reads does without

    shape = table.shape
    columns: dict[str, pa.Array] = {
        "cell": pa.array((cell.cell for cell in table.cells), pa.int64()),
        CAUSE_COLUMN: pa.array((causes.get(cell.cell) for cell in table.cells), pa.string()),
    }
    listed = [None if cell.figures is None else _listed(cell.figures) for cell in table.cells]
    for place, name in enumerate(_figure_columns(shape)):
        # Built anew from the protected values: a null slot never held a figure.
        columns[name] = pa.array((None if figures is None else figures[place] for figures in listed), MOMENT_TYPE)
    connection.register("published_cells", pa.table(columns))
    target = exp.table_(shape.name, db="main", catalog=catalogue, quoted=True)
    creation = exp.Create(this=target, kind="TABLE", expression=exp.select("*").from_("published_cells"))
    connection.execute(creation.sql(dialect="duckdb"))
    connection.unregister("published_cells")


def read_published(connection: duckdb.DuckDBPyConnection, shape: TableShape) -> pa.Table:
    """The cause, NULL of a shown cell, and the figures of all cells, in the order of their numbers.

    A cell's number is its place. Raises ConfigError where cells are missing, are neither shown nor suppressed, or have
    a cause that this release does not know.
    """
    stored = connection.table(shape.name)
    columns = [_cause(stored), *map(duckdb.ColumnExpression, _figure_columns(shape))]
    table = stored.order("cell").select(*columns).to_arrow_table()
    if table.num_rows != shape.cell_count:
        raise ConfigError(f"table {shape.name}: the dataset file lacks cells; run `hansa node ingest` again")
    unknown = set(table.column(CAUSE_COLUMN).to_pylist()) - {None, *Cause}
    if unknown:
        raise ConfigError(
            f"table {shape.name}: a newer Hansa prepared the dataset file; run that one, or `hansa node ingest` again"
        )
    is_shown = table.column(CAUSE_COLUMN).is_null()
    if not all(column.is_valid().equals(is_shown) for column in table.columns[1:]):
        raise ConfigError(
            f"table {shape.name}: a cell of the dataset file has a figure and a cause, or neither; run `hansa node"
            " ingest` again"
        )
    return table


def publication_of(
    shapes: Mapping[str, TableShape], tables: Mapping[str, pa.Table], *, is_audited: bool
) -> Publication:
    """What `read_published` found in each table, as it was published."""
    published, causes = {}, {}
    for name, shape in shapes.items():
        rows = zip(*(column.to_pylist() for column in tables[name].columns), strict=True)
        cells = tuple(
            PublishedCell(cell=number, figures=None if cause is not None else _figures(list(map(int, figures))))
            for number, (cause, *figures) in enumerate(rows)
        )
        published[name] = PublishedTable(shape=shape, cells=cells)
        told = enumerate(tables[name].column(CAUSE_COLUMN).to_pylist())
        causes[name] = {number: Cause(cause) for number, cause in told if cause is not None}
    return Publication(tables=published, causes=causes, is_audited=is_audited)


def _cause(stored: duckdb.DuckDBPyRelation) -> duckdb.Expression:
    """Files of earlier releases say only that a cell is suppressed: there was one rule then, the threshold."""
    if CAUSE_COLUMN in stored.columns:
        return duckdb.ColumnExpression(CAUSE_COLUMN)
    cause = duckdb.CaseExpression(
        duckdb.ColumnExpression("suppressed"), duckdb.ConstantExpression(Cause.THRESHOLD.value)
    )
    return cause.alias(CAUSE_COLUMN)


def _figure_columns(shape: TableShape) -> list[str]:
    kinds = (MomentKind.COUNT, MomentKind.SUM)
    figures = [Figure(kind=MomentKind.ROWS), Figure(kind=MomentKind.DISTINCT)]
    figures += [Figure(kind=kind, measure=measure) for measure in shape.measures for kind in kinds]
    return [figure_column(figure) for figure in figures]


def _listed(figures: Figures) -> list[int]:
    """The figures in the order of their columns."""
    pairs = zip(figures.counts, figures.totals, strict=True)
    return [figures.rows, figures.units, *(number for pair in pairs for number in pair)]


def _figures(listed: Sequence[int]) -> Figures:
    rows, units, *measured = listed
    return Figures(rows=rows, units=units, counts=tuple(measured[::2]), totals=tuple(measured[1::2]))
