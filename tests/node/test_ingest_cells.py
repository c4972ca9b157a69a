"""The cells that DuckDB counts at ingest are the cells of the definition."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given, settings

from hansa_core.contract.types import DataType, Value
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.protection.tables import shapes_of
from hansa_node.ingest.cells import count_cells
from hansa_published import SHOPS, count_rows, shop_rows, shops_manifest

_SCHEMA = pa.schema(
    [
        pa.field(column.name, ARROW_TYPES[DataType.INTEGER if column.type.is_numeric else column.type])
        for column in SHOPS.columns.values()
    ]
)


@settings(max_examples=25)
@given(rows=shop_rows())
def test_every_cell_of_every_table_counts_its_rows_units_owners_and_measures(
    rows: list[dict[str, Value | None]],
) -> None:
    with duckdb.connect() as connection:
        connection.register("staged", pa.Table.from_pylist(rows, schema=_SCHEMA))
        for shape in shapes_of(SHOPS, shops_manifest()).values():
            assert count_cells(connection, shape, SHOPS) == count_rows(shape, SHOPS, rows)
