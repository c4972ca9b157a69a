"""One version of a city's dataset, open for questions at its level."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from hansa_core.errors import ConfigError
from hansa_core.policy.manifest import Manifest
from hansa_core.protection.cover import Cover
from hansa_core.query.contract import Contract
from hansa_core.query.plan import Level, Plan
from hansa_node.engines.duckdb_engine import DuckDBEngine
from hansa_node.engines.engine import Engine
from hansa_node.engines.lockdown import open_locked
from hansa_node.engines.published import PublishedTables
from hansa_node.engines.stop import Stop
from hansa_node.ingest.stamp import check_stamp
from hansa_node.ingest.versions import DatasetVersion


class Reader(Protocol):
    """Answers a bound plan over one dataset file, at the file's level."""

    def read(self, plan: Plan, *, cover: Cover | None, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell in `partial_schema`. At `open` raises RefusedError `too_many_cells`, and AbandonedError."""

    def close(self) -> None:
        """Let go of the file; nothing is read afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRows:
    """Runs a plan over rows. `connection`: the engine's, open for as long as somebody may read."""

    engine: Engine
    connection: duckdb.DuckDBPyConnection

    def read(self, plan: Plan, *, cover: Cover | None, max_cells: int, stop: Stop | None = None) -> pa.Table:
        assert cover is None
        return self.engine.aggregate(plan, max_cells=max_cells, stop=stop)

    def close(self) -> None:
        self.connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCells:
    """Adds published cells up; there are no rows in reach."""

    tables: PublishedTables

    def read(self, plan: Plan, *, cover: Cover | None, max_cells: int, stop: Stop | None = None) -> pa.Table:
        assert cover is not None
        return self.tables.read(cover)

    def close(self) -> None:
        """Nothing to do: the cells are in memory, the file has been closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One version of a dataset. Its file stays open for as long as somebody holds this value."""

    contract: Contract
    manifest: Manifest
    data_version: int
    reader: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the city declares to serve. `folder`: where ingest puts the versions of the dataset."""

    contract: Contract
    manifest: Manifest
    folder: Path


def open_version(declared: Declared, version: DatasetVersion) -> Dataset:
    """Open the file, if it was prepared under this very contract and manifest. Raises ConfigError."""
    reader: Reader
    if declared.manifest.level is Level.OPEN:
        reader = _open_rows(version.path, declared)
    else:
        reader = PublishedCells(tables=PublishedTables.open(version.path, declared.contract, declared.manifest))
    return Dataset(contract=declared.contract, manifest=declared.manifest, data_version=version.number, reader=reader)


def _open_rows(path: Path, declared: Declared) -> OpenRows:
    try:
        connection = open_locked(path)
    except duckdb.Error:
        raise ConfigError(f"{path}: is no intact dataset file; run `hansa node ingest` again") from None
    try:
        check_stamp(connection, declared.contract, declared.manifest)
    except BaseException:
        connection.close()
        raise
    return OpenRows(engine=DuckDBEngine(declared.contract, connection), connection=connection)
