"""Cells counted from a city's file for tables that are only considered: nothing is published or kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.protection.publish import Facts
from hansa_core.protection.tables import TableShape
from hansa_node.datasets.versions import IN_MEMORY
from hansa_node.ingest.cells import count_cells
from hansa_node.ingest.manifest_file import ManifestFile
from hansa_node.ingest.sources import open_source, unreadable_source
from hansa_node.ingest.staging import stage


class StagedCells:
    """Counts cells of the rows that an ingest of the file would keep."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
        self._connection = connection
        self._contract = contract

    def facts(self, shape: TableShape) -> Facts:
        """The cells of a table that have rows, by number."""
        return count_cells(self._connection, shape, self._contract)


@contextmanager
def staged_cells(path: Path, written: ManifestFile, contract: Contract) -> Iterator[StagedCells]:
    """The file behind a manifest, read once. Raises ConfigError as an ingest does."""
    try:
        with open_source(written.mapping.source, IN_MEMORY) as opened:
            with unreadable_source(written.mapping.source):
                staged = stage(
                    opened,
                    written.mapping,
                    contract,
                    written.manifest,
                    written.growth,
                    has_served=False,
                    published=None,
                )
            if not staged.rows_kept:
                raise ConfigError("source.path: no row of it can be kept; mend the source or the mapping first")
            yield StagedCells(opened.connection, contract)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
