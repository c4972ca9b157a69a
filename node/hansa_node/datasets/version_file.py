"""A dataset version in a DuckDB file: rows at level open, published cells at level controlled, and their stamp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.tables import shapes_of
from hansa_node.datasets.published_file import read_published
from hansa_node.datasets.stamp import check_stamp
from hansa_node.datasets.version import OpenRows
from hansa_node.engines.duckdb.lockdown import open_locked


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFile:
    """A DatasetVersion in one immutable file. `number`: the data version, a counter from 1."""

    number: int
    path: Path

    def open_rows(self, contract: Contract, manifest: Manifest) -> OpenRows:
        """The rows behind DuckDB; the file stays open."""
        from hansa_node.engines.duckdb.engine import DuckDBEngine  # sqlglot, which published cells do without

        with self._intact():
            connection = open_locked(self.path)
        try:
            check_stamp(connection, contract, manifest)
        except BaseException:
            connection.close()
            raise
        return OpenRows(engine=DuckDBEngine(contract, connection), close=connection.close)

    def published_cells(self, contract: Contract, manifest: Manifest) -> Mapping[str, pa.Table]:
        """The published cells in memory; no row is in reach of them, and the file is closed."""
        with self._intact(), open_locked(self.path) as connection:
            check_stamp(connection, contract, manifest)
            shapes = shapes_of(contract, manifest)
            return {name: read_published(connection, shape) for name, shape in shapes.items()}

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error:
            raise ConfigError(f"{self.path}: is no intact dataset file; run `hansa node ingest` again") from None
