"""Builds open dataset files the way ingest lays them out: one table `rows`, numeric columns in whole quanta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import DataType, Value
from hansa_core.partial.partial import ARROW_TYPES


def write_dataset(path: Path, contract: Contract, rows: Sequence[Mapping[str, Value | None]]) -> None:
    """Write rows as a dataset stores them into a new DuckDB file at `path`."""
    fields = [
        pa.field(column.name, ARROW_TYPES[DataType.INTEGER if column.type.is_numeric else column.type])
        for column in contract.columns.values()
    ]
    given = pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(fields))
    with duckdb.connect(str(path)) as connection:
        connection.register("given", given)
        connection.execute("CREATE TABLE rows AS SELECT * FROM given")
