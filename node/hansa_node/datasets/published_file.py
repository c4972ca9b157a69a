"""Published tables in a dataset file: one table each, one row per cell, suppressed cells without figures."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from hansa_core.errors import ConfigError
from hansa_core.partial.partial import MOMENT_TYPE
from hansa_core.plan.moments import MomentKind
from hansa_core.protection.cover import Figure
from hansa_core.protection.tables import Figures, PublishedTable, TableShape


def figure_column(figure: Figure) -> str:
    """The column that holds a figure: `rows`, `units`, `count_x`, `sum_x` (in quanta)."""
    match figure.kind:
        case MomentKind.ROWS:
            return "rows"
        case MomentKind.DISTINCT:
            return "units"
        case _:
            return f"{figure.kind.value}_{figure.measure}"


def write_published(connection: duckdb.DuckDBPyConnection, catalogue: str, table: PublishedTable) -> None:
    """Add the table, under its own name, to an attached file. `catalogue` is a name of our own."""
    from sqlglot import exp  # which a node that only reads does without

    shape = table.shape
    columns: dict[str, pa.Array] = {
        "cell": pa.array((cell.cell for cell in table.cells), pa.int64()),
        "suppressed": pa.array((cell.figures is None for cell in table.cells), pa.bool_()),
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
    """The figures of all cells, in the order of their numbers: a cell's number is its place."""
    columns = map(duckdb.ColumnExpression, _figure_columns(shape))
    table = connection.table(shape.name).order("cell").select(*columns).to_arrow_table()
    if table.num_rows != shape.cell_count:
        raise ConfigError(f"table {shape.name}: the dataset file lacks cells; run `hansa node ingest` again")
    return table


def _figure_columns(shape: TableShape) -> list[str]:
    kinds = (MomentKind.COUNT, MomentKind.SUM)
    figures = [Figure(kind=MomentKind.ROWS), Figure(kind=MomentKind.DISTINCT)]
    figures += [Figure(kind=kind, measure=measure) for measure in shape.measures for kind in kinds]
    return [figure_column(figure) for figure in figures]


def _listed(figures: Figures) -> list[int]:
    """The figures in the order of their columns."""
    pairs = zip(figures.counts, figures.totals, strict=True)
    return [figures.rows, figures.units, *(number for pair in pairs for number in pair)]
