"""What ingest adds to unsafe cells: safe ones that are suppressed too, by a secret of the city that is made once."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from hansa_city_files import REPAIRS, manifest_of, write_csv, write_manifest
from hansa_contributions import contributions_of
from hansa_core.contract.types import DataType, Value
from hansa_core.errors import ConfigError
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.protection.primary import Cause
from hansa_core.protection.tables import shapes_of
from hansa_core.suppression.audited_tables import AuditedTables
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.ingest.city_secret import CitySecret
from hansa_node.ingest.contributions import read_contributions
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.table_reports import TableReport
from hansa_published import SHOPS, shop_rows, shops_manifest

COUNTS = {"road": 12, "pipe": 2, "other": 14}


def ingest(folder: Path, **options: Any) -> TableReport:
    kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
    write_csv(folder / "repairs.csv", [{"No": str(number), "Kind": kind} for number, kind in enumerate(kinds)])
    tables = [{"name": "by_kind", "dimensions": ["kind"]}]
    manifest = write_manifest(folder, manifest_of(level="controlled", threshold=5, tables=tables))
    (table,) = ingest_dataset(manifest, REPAIRS, folder / "served", **options).tables
    return table


def test_one_unsafe_cell_is_never_the_only_one_of_its_line(tmp_path: Path) -> None:
    assert ingest(tmp_path).causes == {Cause.THRESHOLD: 1, Cause.SECONDARY: 1}


def test_the_same_file_again_suppresses_the_same_cells(tmp_path: Path) -> None:
    def causes() -> list[Any]:
        version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
        assert version is not None
        with duckdb.connect(str(version.path), read_only=True) as connection:
            return connection.execute("SELECT cell, cause FROM by_kind ORDER BY cell").fetchall()

    ingest(tmp_path)
    first = causes()
    (tmp_path / "served" / "suppression.key").unlink()  # even by another secret: what was shown stays shown
    ingest(tmp_path)
    assert causes() == first


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    secret = tmp_path / "keys" / "suppression.key"
    ingest(tmp_path, secret_file=secret)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    before = secret.read_bytes()
    ingest(tmp_path, secret_file=secret)
    assert secret.read_bytes() == before
    assert CitySecret(path=secret).read() == bytes.fromhex(before.decode())


def test_a_dry_run_makes_no_secret(tmp_path: Path) -> None:
    assert ingest(tmp_path, dry_run=True).causes == {Cause.THRESHOLD: 1, Cause.SECONDARY: 1}
    assert not (tmp_path / "served" / "suppression.key").exists()


@pytest.mark.parametrize("content", [b"", b"00ff", b"\xff" * 64, b"z" * 64])
def test_a_secret_that_is_none_stops_the_ingest(tmp_path: Path, content: bytes) -> None:
    secret = tmp_path / "suppression.key"
    secret.write_bytes(content)
    with pytest.raises(ConfigError, match=r"is not the city's secret.*restore it from the backup"):
        ingest(tmp_path, secret_file=secret)
    assert not list((tmp_path / "served").rglob("*.duckdb"))


_SCHEMA = pa.schema(
    [
        pa.field(column.name, ARROW_TYPES[DataType.INTEGER if column.type.is_numeric else column.type])
        for column in SHOPS.columns.values()
    ]
)


@settings(max_examples=10, deadline=None)
@given(rows=shop_rows())
def test_contributions_are_those_of_the_rows(rows: list[dict[str, Value | None]]) -> None:
    manifest = shops_manifest()
    tables = AuditedTables(shapes_of(SHOPS, manifest), SHOPS, manifest)
    with duckdb.connect() as connection:
        connection.register("staged", pa.Table.from_pylist(rows, schema=_SCHEMA))
        read = read_contributions(connection, tables, SHOPS)
    told = contributions_of(tables, SHOPS, rows)
    assert np.array_equal(read.data_set(tables.system), told.data_set(tables.system))
    for cell in list(tables.cells())[::7]:
        selection, measures = tables.selection(cell), tables.shapes[cell[0]].measures
        assert read.facts_of(read.records(selection), measures) == told.facts_of(told.records(selection), measures)
