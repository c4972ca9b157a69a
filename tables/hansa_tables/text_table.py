"""A table whose cells are all text, read whole into memory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
from sqlglot import exp

from hansa_tables.opening import SAFE, VIEW, explained, view_source
from hansa_tables.private_files import PrivateFiles
from hansa_tables.source import TableSource


def text_table(source: TableSource) -> pa.Table:
    """Raises UnreadableTableError."""
    with (
        TemporaryDirectory(prefix="hansa-") as folder,
        PrivateFiles(Path(folder), "table") as private,
        duckdb.connect(config=dict(SAFE)) as connection,
    ):
        view_source(connection, source, private)
        with explained(source):
            return connection.sql(exp.select("*").from_(VIEW).sql(dialect="duckdb")).to_arrow_table()
