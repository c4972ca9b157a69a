"""Data that grow: a file adds to what is served, or changes it by a key, and never counts twice."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from rich.console import Console

from hansa_city_files import REPAIRS, manifest_of, write_csv, write_manifest
from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_node.datasets import versions
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import IngestStoppedError, ingest_dataset
from hansa_node.ingest.kept_versions import prune, roll_back
from hansa_node.ingest.manifest_file import read_manifest
from hansa_node.ingest.profile import DataProfile, profile_of
from hansa_node.ingest.report import IngestReport

APPEND: dict[str, Any] = {"mode": "append", "watermark": "day"}
UPSERT: dict[str, Any] = {"mode": "upsert", "key": "repair"}


def ingest(
    folder: Path, rows: Sequence[Mapping[str, Any]], *, options: Mapping[str, Any] = {}, **keys: Any
) -> IngestReport:
    """A file in the place of the one before: no earlier file is there any more."""
    folder.mkdir(exist_ok=True)
    write_csv(folder / "repairs.csv", rows)
    return again(folder, options=options, **keys)


def again(folder: Path, *, options: Mapping[str, Any] = {}, **keys: Any) -> IngestReport:
    """The file that is there."""
    return ingest_dataset(write_manifest(folder, manifest_of(**keys)), REPAIRS, folder / "served", **options)


def month(number: int, count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{"No": f"{number}-{at}", "Day": f"2024-{number:02}-{1 + at % 28:02}", **changes} for at in range(count)]


def served(folder: Path, what: str = "repair") -> list[Any]:
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    version.check()
    with open_locked(version.path) as connection:
        return [row[0] for row in connection.sql(f'SELECT {what} FROM "rows" ORDER BY repair').fetchall()]


def number(folder: Path) -> int:
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    return 0 if version is None else version.number


def test_a_monthly_file_adds_to_what_is_there_without_the_old_file(tmp_path: Path) -> None:
    assert ingest(tmp_path, month(1, 3), **APPEND).growth is not None
    report = ingest(tmp_path, month(2, 2), **APPEND)
    assert report.growth is not None
    assert (report.growth.added, report.growth.updated, report.growth.total) == (2, 0, 5)
    assert (report.growth.watermark_before, report.growth.watermark) == ("2024-01-03", "2024-02-02")
    assert served(tmp_path) == ["1-0", "1-1", "1-2", "2-0", "2-1"]
    with Console(record=True, width=140) as console:
        console.print(report)
    assert "2 rows added, 0 updated, 0 as they were; 5 in all. Watermark from 2024-01-03 to" in console.export_text()
    assert report.to_json()["growth"]["added"] == 2


@pytest.mark.parametrize("keys", [APPEND, UPSERT])
def test_the_same_file_twice_is_refused_whatever_it_is_called_and_however_packed(
    tmp_path: Path, keys: dict[str, Any]
) -> None:
    ingest(tmp_path, month(1, 3))
    ingest(tmp_path, month(2, 3), **keys)
    text = (tmp_path / "repairs.csv").read_bytes()
    again = tmp_path / "february (1).csv.gz"
    again.write_bytes(gzip.compress(text, mtime=1))
    manifest = write_manifest(tmp_path, manifest_of(source={"format": "csv", "path": again.name}, **keys))
    with pytest.raises(ConfigError, match=r"february \(1\).csv.gz came in with version 2 already, byte for byte"):
        ingest_dataset(manifest, REPAIRS, tmp_path / "served")
    (tmp_path / "repairs.csv").unlink()
    write_csv(tmp_path / "repairs.csv", month(1, 3))
    with pytest.raises(ConfigError, match=r"came in with version 1 already.*the earlier version is still served"):
        ingest_dataset(write_manifest(tmp_path, manifest_of(**keys)), REPAIRS, tmp_path / "served", dry_run=True)
    assert (number(tmp_path), len(served(tmp_path))) == (2, 6)


def test_two_files_of_one_ingest_that_hold_the_same_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "2024-01.csv", month(1, 3))
    shutil.copyfile(tmp_path / "2024-01.csv", tmp_path / "2024-01-copy.csv")
    manifest = write_manifest(tmp_path, manifest_of(source={"format": "csv", "path": "2024-*.csv"}))
    with pytest.raises(ConfigError, match=r"2024-01.csv holds the same as .*2024-01-copy.csv"):
        ingest_dataset(manifest, REPAIRS, tmp_path / "served")


def test_rows_that_are_not_after_the_watermark_are_late_counted_and_limited(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 10), **APPEND)
    overlapping = [*month(1, 12)[8:], *month(2, 4)]
    report = ingest(tmp_path, overlapping, options={"dry_run": True}, **APPEND)
    [day] = [column for column in report.columns if column.name == "day"]
    assert day.rejected == {"late:day": 2}
    assert [(each.rule, each.text, each.first) for each in day.offending] == [
        ("late", "2024-01-09", 1),
        ("late", "2024-01-10", 2),
    ]
    with pytest.raises(IngestStoppedError, match=r"2 of 8 rows are rejected \(late:day 2\), and max_rejected_share"):
        ingest(tmp_path, overlapping, max_rejected_share="0.1", **APPEND)
    assert ingest(tmp_path, overlapping, options={"accept": "an overlap"}, max_rejected_share="0.1", **APPEND).growth
    assert len(served(tmp_path)) == 16


def test_a_row_without_watermark_or_key_is_rejected(tmp_path: Path) -> None:
    report = ingest(tmp_path, [{"No": "a", "Length": None}, {"No": "b"}], mode="append", watermark="days")
    assert report.columns[5].rejected == {"missing:days": 1}
    report = ingest(tmp_path / "by", [{"No": "a", "Moment": None}, {"No": "b"}], mode="upsert", key=["kind", "moment"])
    assert report.columns[3].rejected == {"missing:moment": 1}


def test_an_upsert_changes_rows_by_their_key_and_adds_the_others(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3))
    report = ingest(tmp_path, [*month(1, 1), {"No": "1-1", "Length": "77"}, {"No": "new"}], **UPSERT)
    assert report.growth is not None
    growth = report.growth
    assert (growth.added, growth.updated, growth.unchanged, growth.total) == (1, 1, 1, 4)
    assert served(tmp_path, "(repair, days)") == [("1-0", 12), ("1-1", 77), ("1-2", 12), ("new", 12)]


def test_keys_that_stand_twice_in_a_file_are_named_and_none_is_taken(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3))
    rows = [{"No": "1-1", "Length": "5"}, {"No": "1-1", "Length": "6"}, {"No": "new"}]
    report = ingest(tmp_path, rows, mode="upsert", key=["repair", "kind"])
    assert report.columns[0].rejected == {"duplicate:repair": 2}
    assert [(each.text, each.rows, each.first) for each in report.columns[0].offending] == [("1-1, road", 2, 1)]
    assert served(tmp_path, "(repair, days)") == [("1-0", 12), ("1-1", 12), ("1-2", 12), ("new", 12)]


def test_the_newest_row_of_a_key_counts_and_older_ones_are_late(tmp_path: Path) -> None:
    keys = {**UPSERT, "watermark": "moment"}
    at = "2024-05-{} 00:00:00".format
    ingest(tmp_path, [{"No": "a", "Moment": at("10")}, {"No": "b", "Moment": at("10")}], **keys)
    rows = [
        {"No": "a", "Moment": at("09"), "Length": "1"},  # older than what is served
        {"No": "b", "Moment": at("11"), "Length": "2"},
        {"No": "b", "Moment": at("12"), "Length": "3"},  # the newest of b
        {"No": "c", "Moment": at("01"), "Length": "4"},  # nothing is there to be older than
        {"No": "d", "Moment": at("13"), "Length": "5"},
        {"No": "d", "Moment": at("13"), "Length": "6"},  # which of the two is d?
    ]
    report = ingest(tmp_path, rows, **keys)
    assert report.columns[3].rejected == {"late:moment": 2}
    assert report.columns[0].rejected == {"duplicate:repair": 2}
    assert served(tmp_path, "(repair, days)") == [("a", 12), ("b", 3), ("c", 4)]


def test_a_key_that_is_none_of_what_is_served_stops_the_upsert(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3))
    with pytest.raises(ConfigError, match=r"has 1 values of kind more than once.*still served"):
        ingest(tmp_path, month(2, 1), mode="upsert", key="kind")
    assert number(tmp_path) == 1


def test_rows_of_another_contract_or_manifest_are_not_added_to(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3))
    with pytest.raises(ConfigError, match=r"contract or manifest changed since.*mode: replace"):
        ingest(tmp_path, month(2, 3), protection_version=2, **APPEND)
    assert number(tmp_path) == 1


def test_a_damaged_version_is_no_base(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3))
    version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
    assert version is not None
    version.path.chmod(0o600)
    with version.path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"damage")
    with pytest.raises(ConfigError, match="is not what ingest wrote there, by its SHA-256"):
        ingest(tmp_path, month(2, 3), **APPEND)
    assert number(tmp_path) == 1


def test_after_a_rollback_the_file_that_was_taken_back_may_come_again(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 3), **APPEND)
    ingest(tmp_path, month(2, 3), **APPEND)
    manifest = read_manifest(tmp_path / "manifest.yaml", REPAIRS)
    assert roll_back(tmp_path / "served", REPAIRS, manifest, 1) == 3
    assert len(served(tmp_path)) == 3
    assert again(tmp_path, **APPEND).data_version == 4
    assert len(served(tmp_path)) == 6
    assert prune(tmp_path / "served", REPAIRS.id, 1) == [3, 2, 1]
    with pytest.raises(ConfigError, match="came in with version 4 already"):
        again(tmp_path, **APPEND)


def test_what_changes_is_the_whole_version_and_not_the_file(tmp_path: Path) -> None:
    ingest(tmp_path, month(1, 20), max_change_share="0.2", **APPEND)
    assert ingest(tmp_path, month(2, 3), max_change_share="0.2", **APPEND).rows_kept == 3
    with pytest.raises(IngestStoppedError, match=r"31 rows instead of 23, and max_change_share is 0\.2"):
        ingest(tmp_path, month(3, 8), max_change_share="0.2", **APPEND)
    with pytest.raises(IngestStoppedError, match=r"2 of 2 rows are kept, and min_rows is 3"):
        ingest(tmp_path, month(3, 2), min_rows=3, **APPEND)
    assert (number(tmp_path), len(served(tmp_path))) == (2, 23)


class CutOffError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("keys", [APPEND, UPSERT])
def test_a_crash_at_any_step_leaves_the_old_version_or_the_new_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any]
) -> None:
    ingest(tmp_path, month(1, 3), **keys)
    steps = [(versions, "_sync"), (versions, "sha256_of"), (versions, "_point"), (Path, "rename")]
    for owner, name in steps:
        for call in range(1, 4):
            with monkeypatch.context() as cut:
                _cut_off(cut, owner, name, call)
                _leave_strays(cut)
                with suppress(CutOffError):
                    ingest(tmp_path, month(2, 2), **keys)
            found = served(tmp_path)
            assert found in (["1-0", "1-1", "1-2"], ["1-0", "1-1", "1-2", "2-0", "2-1"]), (name, call)
            if len(found) == 5:
                manifest = read_manifest(tmp_path / "manifest.yaml", REPAIRS)
                roll_back(tmp_path / "served", REPAIRS, manifest, 1)
    ingest(tmp_path, month(2, 2), **keys)
    assert len(served(tmp_path)) == 5
    assert not list((tmp_path / "served").rglob("*.partial*"))


def _leave_strays(patch: pytest.MonkeyPatch) -> None:
    """A start removes what was left; who is killed removes nothing."""
    remove, calls = versions._remove_strays, iter(range(1, 100))
    patch.setattr(versions, "_remove_strays", lambda folder: remove(folder) if next(calls) == 1 else None)


def _cut_off(patch: pytest.MonkeyPatch, owner: Any, name: str, call: int) -> None:
    real, calls = getattr(owner, name), iter(range(1, 100))

    def step(*arguments: Any) -> Any:
        if next(calls) == call:
            raise CutOffError
        return real(*arguments)

    patch.setattr(owner, name, step)


def test_what_memory_does_not_hold_is_spilled_beside_the_version_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.ingest.sources._MEMORY_LIMIT", "100MB")
    with duckdb.connect() as connection:
        numbered = "SELECT i::VARCHAR || repeat('x', 200) AS \"No\", 'road' AS \"Kind\", '2024-01-02' AS \"Day\""
        rest = "'2024-01-02 03:04:05' AS \"Moment\", '3' AS \"Length\", '1.5' AS \"Warmth\", 'true' AS \"Urgent\""
        connection.execute(f"COPY ({numbered}, {rest} FROM range(600000) AS r(i)) TO '{tmp_path}/repairs.csv' (HEADER)")
    folder = dataset_folder(tmp_path / "served", REPAIRS.id)
    spilled: list[tuple[str, int]] = []

    def seen(connection: duckdb.DuckDBPyConnection, contract: Contract) -> DataProfile:
        spilled.extend(connection.execute("SELECT path, size FROM duckdb_temporary_files()").fetchall())
        return profile_of(connection, contract)

    monkeypatch.setattr("hansa_node.ingest.ingest.profile_of", seen)
    report = ingest_dataset(write_manifest(tmp_path, manifest_of()), REPAIRS, tmp_path / "served")
    assert report.rows_kept == 600_000
    assert sum(size for _, size in spilled) > 10 * 2**20
    assert {Path(path).parent.parent for path, _ in spilled} == {folder}
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["current", "v000001.duckdb", "v000001.profile.json"]


CONTROLLED: dict[str, Any] = {
    "level": "controlled",
    "protection": "primary",
    "period": "year",
    "tables": [{"name": "by_kind", "dimensions": ["year", "kind"]}],
}


def year(number: int, count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{"No": f"{number}-{at}", "Day": f"{number}-01-{1 + at:02}", **changes} for at in range(count)]


def shown(folder: Path, **keys: Any) -> dict[tuple[str, str], int]:
    """The rows of each cell that is shown, by the labels of its year and kind."""
    manifest = read_manifest(write_manifest(folder, manifest_of(**{**CONTROLLED, **keys})), REPAIRS)
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    publication = version.publication(REPAIRS, manifest)
    assert publication is not None
    table = publication.tables["by_kind"]
    found = {}
    for cell in table.cells:
        if cell.figures is not None:
            nodes = zip(table.shape.dimensions, table.shape.nodes(cell.cell), strict=True)
            first, second = (dimension.nodes[node].label for dimension, node in nodes)
            found[first, second] = cell.figures.rows
    return found


FIRST = {("2020", "all"): 5, ("2020", "road"): 5}
SECOND = {("2021", "all"): 4, ("2021", "road"): 4}


def test_at_controlled_a_file_adds_periods_and_no_row_is_kept(tmp_path: Path) -> None:
    ingest(tmp_path, year(2020, 5), mode="append", **CONTROLLED)
    assert shown(tmp_path) == FIRST
    report = ingest(tmp_path, year(2021, 4), mode="append", **CONTROLLED)
    assert report.growth is not None
    assert (report.growth.added, report.growth.total) == (4, None)
    assert shown(tmp_path) == FIRST | SECOND
    version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
    assert version is not None
    with open_locked(version.path) as connection:
        assert {name for (name,) in connection.sql("SHOW TABLES").fetchall()} == {"by_kind", "prepared"}


def test_at_controlled_rows_of_published_periods_are_late_or_stop_the_upsert(tmp_path: Path) -> None:
    ingest(tmp_path, year(2020, 5), mode="append", **CONTROLLED)
    rows = [*year(2021, 4), *year(2020, 7)[5:]]
    report = ingest(tmp_path, rows, mode="append", **CONTROLLED)
    assert report.columns[4].rejected == {"late:year": 2}
    assert shown(tmp_path) == FIRST | SECOND
    with pytest.raises(ConfigError, match=r"year: 2 rows lie in periods that are published.*is not changed"):
        ingest(tmp_path, [*year(2022, 4), *year(2020, 2)], mode="upsert", key="repair", **CONTROLLED)
    assert number(tmp_path) == 2
    ingest(tmp_path, year(2022, 4), mode="upsert", key="repair", **CONTROLLED)
    assert len(shown(tmp_path)) == 6


def test_at_controlled_a_replacement_may_change_only_what_is_not_published(tmp_path: Path) -> None:
    ingest(tmp_path, [*year(2020, 5), *year(2021, 2)], **CONTROLLED)
    assert shown(tmp_path) == FIRST  # two rows of 2021 are below the threshold: nothing of it is published
    ingest(tmp_path, [*year(2020, 5), *year(2021, 4)], **CONTROLLED)
    assert shown(tmp_path) == FIRST | SECOND
    for rows in ([*year(2020, 6), *year(2021, 4)], year(2021, 4), [*year(2020, 5), *year(2021, 4, Kind="pipe")]):
        with pytest.raises(ConfigError, match=r"what is published is not changed.*by_kind, in 202[01].*still served"):
            ingest(tmp_path, rows, options={"accept": "we know better"}, **CONTROLLED)
    assert (number(tmp_path), shown(tmp_path)) == (2, FIRST | SECOND)


def test_at_controlled_without_periods_nothing_that_is_published_changes(tmp_path: Path) -> None:
    whole: dict[str, Any] = {
        "level": "controlled",
        "protection": "primary",
        "tables": [{"name": "by_kind", "dimensions": ["kind"]}],
    }
    ingest(tmp_path, year(2020, 5), **whole)
    ingest(tmp_path, year(2020, 5), **whole)
    with pytest.raises(ConfigError, match=r"a cell of by_kind would be; declare as period the column"):
        ingest(tmp_path, year(2020, 6), **whole)
    assert number(tmp_path) == 2


def test_at_controlled_a_rollback_takes_no_published_period_back_and_prune_no_cell(tmp_path: Path) -> None:
    ingest(tmp_path, year(2020, 5), mode="append", **CONTROLLED)
    ingest(tmp_path, year(2021, 2), mode="append", **CONTROLLED)  # too few: nothing of 2021 is published
    manifest = read_manifest(tmp_path / "manifest.yaml", REPAIRS)
    assert roll_back(tmp_path / "served", REPAIRS, manifest, 1) == 3
    ingest(tmp_path, year(2021, 4), mode="append", **CONTROLLED)
    with pytest.raises(ConfigError, match=r"what is published is not changed.*in 2021"):
        roll_back(tmp_path / "served", REPAIRS, manifest, 1)
    assert prune(tmp_path / "served", REPAIRS.id, 1) == []
    assert shown(tmp_path) == FIRST | SECOND


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"period": None, "mode": "append"}, "period.*is missing"),
        ({"mode": "append", "watermark": "day"}, "watermark.*is period at level controlled"),
        ({"tables": [{"name": "by_kind", "dimensions": ["kind"]}]}, "by_kind has no dimension year, the period"),
        ({"period": "day"}, "period.*'day' is no column that may stand here"),
    ],
)
def test_periods_that_cannot_be_published_one_by_one_are_named(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ingest(tmp_path, year(2020, 1), **{**CONTROLLED, **keys})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"mode": "upsert by repair"}, r"mode.*write mode: upsert, and key: \[repair\]"),
        ({"mode": "add"}, "mode.*is not offered"),
        ({"mode": "upsert"}, "key.*is missing"),
        ({"mode": "append"}, "watermark.*is missing"),
        ({"mode": "append", "watermark": "kind"}, "watermark.*kind is no date, time or number"),
        ({"mode": "append", "watermark": "dya"}, "watermark.*did you mean day"),
        ({"mode": "append", "watermark": "day", "key": "repair"}, "key.*is for mode upsert"),
        ({"mode": "upsert", "key": ["repair", "repair"]}, "key.*names a column twice"),
        ({"watermark": "day"}, "watermark.*is for append and upsert"),
    ],
)
def test_a_way_to_grow_that_is_none_is_named(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ingest(tmp_path, month(1, 1), **keys)
    assert yaml.safe_load((tmp_path / "manifest.yaml").read_text())
