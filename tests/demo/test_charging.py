"""The charging sites' answers are those of the pooled package, and most of the 85 people are in them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from hansa_core.contract.ids import ContractId
from hansa_demo.charging import SITES, sessions_file, write_site_source
from hansa_demo.leagues.charging import CHARGING
from hansa_mapped_cities import contracts_of
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.manifest_file import read_manifest
from hansa_node.ingest.report import IngestReport
from hansa_node.ingest.table_reports import in_all

CONTRACT = contracts_of(CHARGING)[ContractId("mobility.charging", 1)]
ROWS = {"laboratories": 1_832, "offices": 1_563}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sites")


@pytest.fixture(scope="module")
def reports(home: Path) -> dict[str, IngestReport]:
    found = {}
    for site in SITES:
        source, manifest = home / site / "source", home / site / "manifests" / "mobility.charging.yaml"
        source.mkdir(parents=True)
        manifest.parent.mkdir()
        write_site_source(site, source)
        manifest.write_text(CHARGING.manifest(CONTRACT.id, site), encoding="utf-8")
        found[site] = ingest_dataset(manifest, CONTRACT, home / site / "data")
    return found


def test_no_session_is_lost_or_bent_on_the_way_in(reports: dict[str, IngestReport]) -> None:
    assert {site: (report.rows_read, report.rows_kept) for site, report in reports.items()} == {
        site: (rows, rows) for site, rows in ROWS.items()
    }
    for report in reports.values():
        assert all(not column.clipped and not column.rejected for column in report.columns)


def test_each_site_publishes_nine_in_ten_of_its_people(reports: dict[str, IngestReport]) -> None:
    for report in reports.values():
        lost = in_all(report.tables).suppressed_units
        assert lost is not None
        assert lost <= 0.1


def test_what_is_published_is_what_the_package_has(reports: dict[str, IngestReport], home: Path) -> None:
    where = {"laboratories": "=", "offices": "<>"}
    for site in SITES:
        assert site in reports
        manifest = read_manifest(home / site / "manifests" / "mobility.charging.yaml", CONTRACT)
        version = current_version(dataset_folder(home / site / "data", CONTRACT.id))
        assert version is not None
        ((rows, kwh, people),) = duckdb.execute(
            "SELECT count(*), round(sum(round(kwh_total, 2)) * 100), count(DISTINCT user_id)"
            f" FROM read_parquet($1) WHERE facility_type {where[site]} 'research and development'",
            [str(sessions_file())],
        ).fetchall()
        whole = version.published_cells(CONTRACT, manifest)["by_part_of_day"].to_pylist()[0]
        assert (whole["rows"], whole["units"]) == (rows, people)
        assert abs(int(whole["sum_energy"]) - kwh) <= 1


def test_a_site_that_is_none_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_site_source("harbour", tmp_path)
