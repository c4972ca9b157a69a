"""A dataset version in a DuckDB file: rows at level open, published cells at level controlled, and their stamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.publish import Publication
from hansa_core.protection.tables import shapes_of
from hansa_node.datasets.acceptance import Acceptance, read_acceptance
from hansa_node.datasets.file_digest import FileState, check_digest, state_of
from hansa_node.datasets.published_file import publication_of, read_published
from hansa_node.datasets.stamp import check_stamp, is_audited, read_stamp, stamp_of
from hansa_node.datasets.version import OpenRows
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.duckdb.readable import readable


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFile:
    """A DatasetVersion in one immutable file. `number`: the data version, a counter from 1.

    `sha256`: of the file's bytes as ingest wrote them, in hex; None of a version that an earlier Hansa prepared.
    """

    number: int
    path: Path
    sha256: str | None = None

    @property
    def state(self) -> FileState | None:
        """What tells this file from another one put in its place; None while there is none."""
        return state_of(self.path)

    def open_rows(self, contract: Contract, manifest: Manifest) -> OpenRows:
        """The rows behind DuckDB; the file stays open, and every block that is read from it is held to its checksum."""
        from hansa_node.engines.duckdb.engine import DuckDBEngine  # sqlglot, which published cells do without

        with readable(self.path):
            connection = open_locked(self.path)
            try:
                check_stamp(connection, contract, manifest)
            except BaseException:
                connection.close()
                raise
        return OpenRows(engine=DuckDBEngine(contract, connection, self.path), close=connection.close)

    def published_cells(self, contract: Contract, manifest: Manifest) -> Mapping[str, pa.Table]:
        """The published cells in memory; no row is in reach of them, and the file is closed."""
        with readable(self.path), open_locked(self.path) as connection:
            check_stamp(connection, contract, manifest)
            shapes = shapes_of(contract, manifest)
            return {name: read_published(connection, shape) for name, shape in shapes.items()}

    def publication(self, contract: Contract, manifest: Manifest) -> Publication | None:
        """What the version publishes; None where it was prepared under another contract or manifest, whose tables have
        other cells. Raises DataUnavailableError where it is damaged or cannot be read."""
        with readable(self.path), open_locked(self.path) as connection:
            stamp = read_stamp(connection)
            if stamp is None or stamp != stamp_of(contract, manifest, stamp.data_version):
                return None
            shapes = shapes_of(contract, manifest)
            tables = {name: read_published(connection, shape) for name, shape in shapes.items()}
            return publication_of(shapes, tables, is_audited=is_audited(connection))

    def acceptance(self) -> Acceptance | None:
        """What the operator gave as a reason, if limits were exceeded."""
        with readable(self.path), open_locked(self.path) as connection:
            return read_acceptance(connection)

    def check(self) -> None:
        """Read all of the file, and raise DataUnavailableError where it is not byte for byte what ingest wrote.

        Without a digest the engine's own checksums stand alone.
        """
        if self.sha256 is not None:
            check_digest(self.path, self.sha256)
