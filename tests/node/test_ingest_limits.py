"""What is not published: too many rejected or clipped rows, too few rows, another kind of data; unless accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from hansa_city_files import REPAIRS, manifest_of, write_csv, write_manifest
from hansa_core.errors import ConfigError
from hansa_node.app.cli import app
from hansa_node.datasets.acceptance import read_acceptance
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import IngestStoppedError, ingest_dataset
from hansa_node.ingest.kept_versions import prune, roll_back, versions_table
from hansa_node.ingest.manifest_file import read_manifest
from hansa_node.ingest.progress import IngestProgress
from hansa_node.ingest.report import IngestReport
from hansa_test_node import make_node

LIMITS = {"max_rejected_share": "0.01", "max_clipped_share": "0.01"}


def ingest(
    folder: Path, rows: Sequence[Mapping[str, Any]], *, options: Mapping[str, Any] = {}, **limits: Any
) -> IngestReport:
    folder.mkdir(exist_ok=True)
    write_csv(folder / "repairs.csv", rows)
    manifest = write_manifest(folder, manifest_of(**{**LIMITS, **limits}))
    return ingest_dataset(manifest, REPAIRS, folder / "served", **(options or {}))


def number(folder: Path) -> int | None:
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    return None if version is None else version.number


def good(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{"No": f"{at:05}", "Length": str(at % 50), **changes} for at in range(count)]


@pytest.mark.parametrize(
    ("bad", "limits", "said"),
    [
        (
            {"Kind": "bridge"},
            {},
            r"2 of 100 rows are rejected \(not_in_domain:kind 2\), and max_rejected",
        ),
        ({"Length": "101"}, {}, r"days: 2 of 100 values are out of bounds, and max_clipped_share is 0.01"),
        ({}, {"min_rows": 101}, r"100 of 100 rows are kept, and min_rows is 101"),
    ],
)
def test_a_limit_that_is_exceeded_stops_the_version_and_the_earlier_one_stays(
    tmp_path: Path, bad: dict[str, Any], limits: dict[str, Any], said: str
) -> None:
    ingest(tmp_path, good(100))
    rows = [*good(98), {"No": "x", **bad}, {"No": "y", **bad}]
    with pytest.raises(IngestStoppedError, match=said) as stopped:
        ingest(tmp_path, rows, **limits)
    assert number(tmp_path) == 1
    assert stopped.value.report.exceeded
    accepted = ingest(tmp_path, rows, options={"accept": "the new bridge counts"}, **limits)
    assert (number(tmp_path), accepted.accepted) == (2, "the new bridge counts")


def test_the_report_on_a_terminal_says_why_a_version_is_published_though(tmp_path: Path) -> None:
    console = Console(width=160, record=True, file=StringIO())
    console.print(ingest(tmp_path, good(3), options={"accept": "the first load"}, min_rows=5))
    text = console.export_text()
    assert "Exceeded: 3 of 3 rows are kept, and min_rows is 5" in text
    assert "Published though: the first load" in text


def test_one_in_a_hundred_is_borne(tmp_path: Path) -> None:
    assert ingest(tmp_path, [*good(99), {"No": "x", "Kind": "bridge"}]).rows_kept == 99


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (good(150), "150 rows instead of 100"),
        (good(100, Length=None), r"days: 100\.0% is NULL instead of 0\.0%"),
        (good(100, Kind="pipe"), r"kind: road is 0\.0% of the rows instead of 100\.0%"),
        (
            [{"No": f"{at:05}", "Length": str(50 + at % 50)} for at in range(100)],
            r"days: the 0\.1 quantile is 5\d instead of 4",
        ),
    ],
)
def test_data_that_changed_more_than_is_usual_stop_the_version(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    ingest(tmp_path, good(100), max_change_share="0.2")
    assert ingest(tmp_path, good(110), max_change_share="0.2").rows_kept == 110
    ingest(tmp_path, good(100), max_change_share="0.2")
    with pytest.raises(IngestStoppedError, match=f"{said}.*max_change_share is 0.2"):
        ingest(tmp_path, rows, max_change_share="0.2")
    assert number(tmp_path) == 3
    ingest(tmp_path, rows)  # any change will do where the manifest has no such limit


def test_a_dry_run_needs_no_version_before_it_at_controlled(tmp_path: Path) -> None:
    tables = [{"name": "by_kind", "dimensions": ["kind"]}]
    report = ingest(tmp_path, good(20), options={"dry_run": True}, level="controlled", tables=tables)
    assert [table.name for table in report.tables] == ["by_kind"]
    assert not (tmp_path / "served").exists()


def test_a_dry_run_reports_and_writes_nothing(tmp_path: Path) -> None:
    rows = [*good(97), *({"No": f"x{at}", "Kind": "Raod"} for at in range(3))]
    report = ingest(tmp_path, rows, options={"dry_run": True})
    assert not (tmp_path / "served").exists()
    assert (report.is_dry_run, report.rows_kept, len(report.exceeded)) == (True, 97, 1)
    ingest(tmp_path, good(10))
    before = sorted(path.name for path in (tmp_path / "served").rglob("*"))
    ingest(tmp_path, rows, options={"dry_run": True})
    assert sorted(path.name for path in (tmp_path / "served").rglob("*")) == before


def test_the_report_names_the_values_that_did_not_fit_with_their_first_rows(tmp_path: Path) -> None:
    rows = [*good(5), {"No": "a", "Kind": "roads"}, {"No": "b", "Kind": "roads"}, {"No": "c", "Kind": "r\u043ead"}]
    report = ingest(tmp_path, rows, max_rejected_share=1)
    with Console(record=True, width=140) as console:
        console.print(report)
    said = console.export_text()
    assert "kind: not_in_domain: 'roads', 2 rows, first row 6; did you mean road" in said
    assert "U+043E" in said
    [kind] = [each for each in report.to_json()["columns"] if each["name"] == "kind"]
    assert [each["text"] for each in kind["offending"]] == ["roads", "r\u043ead"]
    json.dumps(report.to_json())


def test_an_empty_export_is_no_version(tmp_path: Path) -> None:
    ingest(tmp_path, good(3))
    with pytest.raises(ConfigError, match="an empty export is no version"):
        ingest(tmp_path, [])
    assert number(tmp_path) == 1


def test_the_reason_lies_in_the_version_with_the_limits(tmp_path: Path) -> None:
    ingest(tmp_path, good(3), options={"accept": "first load"}, min_rows=5)
    version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
    assert version is not None
    with open_locked(version.path) as connection:
        accepted = read_acceptance(connection)
    assert accepted is not None
    assert (accepted.reason, accepted.limits["min_rows"]) == ("first load", 5)


def test_an_earlier_version_is_served_again_under_a_new_number(tmp_path: Path) -> None:
    ingest(tmp_path, good(3))
    ingest(tmp_path, good(7))
    manifest = read_manifest(tmp_path / "manifest.yaml", REPAIRS)
    assert roll_back(tmp_path / "served", REPAIRS, manifest, 1) == 3
    version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
    assert version is not None
    assert version.number == 3
    version.check()
    opened = version.open_rows(REPAIRS, manifest)
    opened.close()
    with open_locked(version.path) as connection:
        assert connection.sql('SELECT count(*) FROM "rows"').fetchall() == [(3,)]
    with pytest.raises(ConfigError, match="version 9 is not kept; there are 3, 2, 1"):
        roll_back(tmp_path / "served", REPAIRS, manifest, 9)


def test_old_versions_are_deleted_and_the_served_one_never(tmp_path: Path) -> None:
    for count in (3, 4, 5, 6):
        ingest(tmp_path, good(count))
    with Console(record=True, width=100) as console:
        console.print(versions_table(tmp_path / "served", REPAIRS.id))
    assert "served" in console.export_text()
    assert prune(tmp_path / "served", REPAIRS.id, 2) == [2, 1]
    assert number(tmp_path) == 4
    ingest(tmp_path, good(2))
    assert number(tmp_path) == 5


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_rejected_share": 2}, "max_rejected_share.*is a share from 0 to 1"),
        ({"min_rows": 0}, "min_rows"),
        ({"max_change_share": "much"}, "max_change_share.*is no number"),
        ({"max_reject_share": 1}, "did you mean max_rejected_share"),
    ],
)
def test_a_limit_that_is_none_is_named(tmp_path: Path, limits: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ingest(tmp_path, good(3), **limits)


@pytest.mark.parametrize("command", [("prune", "town.trips", "--keep", "1"), ("rollback", "town.trips", "1")])
def test_a_damaged_version_is_named_and_no_traceback_shown(tmp_path: Path, command: tuple[str, ...]) -> None:
    node = make_node(tmp_path / "league")
    configured = ("--config", str(node.home / "node.toml"))
    assert CliRunner().invoke(app, ["ingest", "town.trips", *configured]).exit_code == 0
    [first, _] = sorted((node.config.data_dir / "town.trips.1").glob("v*.duckdb"))
    first.chmod(0o600)
    first.write_bytes(b"no database")
    result = CliRunner().invoke(app, [*command, *configured])
    assert (result.exit_code, str(first) in result.output) == (2, True), result.output


def test_a_report_with_values_of_the_file_is_for_the_operator_alone(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    source, page = node.home / "source/town.trips.csv", tmp_path / "report.html"
    source.write_text(source.read_text().replace("\n", "\n<b>nowhere,<b>,1,\n", 1))
    options = ("--dry-run", "--html", str(page), "--config", str(node.home / "node.toml"))
    for _ in range(2):
        assert CliRunner().invoke(app, ["ingest", "town.trips", *options]).exit_code in (0, 3)
        assert page.stat().st_mode & 0o777 == 0o600
    [profile] = node.config.data_dir.glob("town.trips.1/*.profile.json")
    assert profile.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("is_terminal", [True, False])
def test_rows_and_the_rest_of_the_time_are_shown_on_a_terminal_alone(tmp_path: Path, *, is_terminal: bool) -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=is_terminal, width=120)
    report = ingest(tmp_path, good(300), options={"progress": IngestProgress(console)})
    assert report.rows_kept == 300
    for word in ("reading", "writing", "300 of about 300 rows", "0:00:00"):
        assert (word in shown.getvalue()) is is_terminal, word
