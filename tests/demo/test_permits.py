"""The demo cities' sources, mapped by their manifests: every published record arrives, whatever its layout."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

import pytest

from hansa_demo.permits import write_city_source
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.table_reports import in_all
from hansa_statements import CITIES, ROOT, permits

RECORDS = {"los-angeles": 31150, "san-diego": 26273, "san-francisco": 4886, "seattle": 2118}


@pytest.mark.parametrize("city", CITIES)
def test_no_row_is_lost_or_bent_on_the_way_in(city: str, tmp_path: Path) -> None:
    write_city_source(city, tmp_path / "source")
    (tmp_path / "manifests").mkdir()
    manifest = tmp_path / "manifests" / "housing.permits.yaml"
    copyfile(ROOT / "demo" / "hansa_demo" / "manifests" / "housing.permits" / f"{city}.yaml", manifest)
    report = ingest_dataset(manifest, next(iter(permits().values())), tmp_path / "data")
    assert (report.rows_read, report.rows_kept) == (RECORDS[city], RECORDS[city])
    assert all(not column.clipped and not column.rejected for column in report.columns)
    lost = in_all(report.tables).suppressed_units
    assert lost is not None
    assert lost <= 0.1  # a city that publishes less is of little use
