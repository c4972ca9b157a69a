"""What answers at level controlled: cells that were protected once, at ingest, and are only added up here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import MOMENT_TYPE, partial_from_rows
from hansa_core.protection.cover import Cover
from hansa_core.protection.tables import shapes_of
from hansa_node.datasets.published_file import figure_column, read_published
from hansa_node.datasets.stamp import check_stamp
from hansa_node.engines.duckdb.lockdown import open_locked


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTables:
    """All published cells of one dataset version, in memory. No row is in reach of it."""

    contract: Contract
    tables: Mapping[str, pa.Table]

    @classmethod
    def open(cls, path: Path, contract: Contract, manifest: Manifest) -> PublishedTables:
        """Read the file. Raises ConfigError if it was not prepared under this contract and manifest."""
        try:
            with open_locked(path) as connection:
                check_stamp(connection, contract, manifest)
                shapes = shapes_of(contract, manifest)
                tables = {name: read_published(connection, shape) for name, shape in shapes.items()}
        except duckdb.Error:
            raise ConfigError(f"{path}: is no intact dataset file; run `hansa node ingest` again") from None
        return cls(contract=contract, tables=tables)

    def read(self, cover: Cover) -> pa.Table:
        """The question's cells in `partial_schema`. A moment with a suppressed cell among its parts is NULL."""
        table = self.tables[cover.table]
        moments = [
            _sums(table.column(figure_column(figure)), [cell.parts[place] for cell in cover.cells])
            for place, figure in enumerate(cover.figures)
        ]
        rows: list[tuple[Value | None, ...]] = [
            (*cell.key, *values) for cell, values in zip(cover.cells, zip(*moments, strict=True), strict=True)
        ]
        return partial_from_rows(cover.plan, self.contract, rows)


def _sums(column: pa.ChunkedArray, parts: Sequence[tuple[int, ...]]) -> list[int | None]:
    """Per cell of the answer, the sum of its parts; of no parts 0; None if one of them is suppressed."""
    assert column.type == MOMENT_TYPE
    values = iter(column.take(pa.array(chain.from_iterable(parts), type=pa.int64())).to_pylist())
    sums: list[int | None] = []
    for cells in parts:
        figures = [next(values) for _ in cells]
        sums.append(None if None in figures else sum(map(int, figures)))
    return sums
