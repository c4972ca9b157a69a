"""How a city's file becomes a dataset: what is read, converted, clipped, rejected, published."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

import hansa_node.ingest.protection
from hansa_city_files import REPAIRS, ROW, manifest_of, write_csv, write_duckdb, write_manifest, write_parquet
from hansa_core.errors import ConfigError
from hansa_core.protection.primary import Cause
from hansa_core.protection.publish import DisclosureRule, Facts, Publication, publish
from hansa_core.protection.tables import TableShape
from hansa_node.datasets.version_file import VersionFile
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import IngestReport

TABLES = [{"name": "by_kind", "dimensions": ["kind"], "measures": ["days"], "bins": "days"}]


def ingest(folder: Path, rows: Sequence[Mapping[str, Any]], **changes: Any) -> IngestReport:
    folder.mkdir(exist_ok=True)
    write_csv(folder / "repairs.csv", rows)
    return ingest_dataset(write_manifest(folder, manifest_of(**changes)), REPAIRS, folder / "served")


def current(folder: Path) -> VersionFile:
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    return version


def stored(folder: Path) -> list[dict[str, Any]]:
    with open_locked(current(folder).path) as connection:
        rows: list[dict[str, Any]] = connection.sql('SELECT * FROM "rows" ORDER BY repair').to_arrow_table().to_pylist()
        return rows


def column(folder: Path, name: str, values: Sequence[Any], source: str, **changes: Any) -> list[Any]:
    """What the values of one source column become."""
    ingest(folder, [{"No": f"{n:04}", source: value} for n, value in enumerate(values)], **changes)
    return [row[name] for row in stored(folder)]


def rejected(report: IngestReport) -> dict[str, int]:
    return {rule: rows for column in report.columns for rule, rows in column.rejected.items()}


def test_a_row_is_stored_with_numbers_in_whole_quanta(tmp_path: Path) -> None:
    report = ingest(tmp_path, [{}])
    assert stored(tmp_path) == [
        {
            "repair": "1",
            "kind": "road",
            "day": date(2024, 5, 31),
            "moment": datetime(2024, 5, 31, 13, 45),
            "year": 2024,
            "days": 12,
            "degrees": 205,
            "urgent": True,
        }
    ]
    assert (report.rows_read, report.rows_kept, rejected(report)) == (1, 1, {})


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    typed = {
        "Day": date(2024, 5, 31),
        "Moment": datetime(2024, 5, 31, 15, 45, tzinfo=UTC),
        "Length": 12.0,
        "Warmth": 20.5,
        "Urgent": True,
    }
    rows = [{**typed, "No": "1"}, {**typed, "No": "2", "Length": None, "Moment": None}]
    write_parquet(tmp_path / "repairs.parquet", rows)
    write_duckdb(tmp_path / "repairs.duckdb", "the repairs", rows)
    write_csv(tmp_path / "repairs.txt", [{k: v for k, v in row.items() if k != "Urgent"} for row in rows], ";")
    sources = [
        {"format": "parquet", "path": "repairs.parquet"},
        {"format": "duckdb", "path": "repairs.duckdb", "table": "the repairs"},
        {"format": "csv", "path": "repairs.txt", "delimiter": ";"},
    ]
    found = []
    for source in sources:
        ingest_dataset(write_manifest(tmp_path, manifest_of(source=source)), REPAIRS, tmp_path / "served")
        found.append(stored(tmp_path))
    assert found[0] == found[1] == found[2]
    assert [row["days"] for row in found[0]] == [12, None]
    assert found[0][0]["moment"] == datetime(2024, 5, 31, 15, 45)


def test_numbers_round_half_away_from_zero_to_the_quantum(tmp_path: Path) -> None:
    weeks = {"mapping": {"days": {"from": "Length", "unit": "weeks"}}}
    assert column(tmp_path, "days", ["0.5", "5.3", " 7 ", "1e1"], "Length", **weeks) == [4, 37, 49, 70]
    assert column(tmp_path, "degrees", ["-0.05", "0.05", "-0.049", "0.15"], "Warmth") == [-1, 1, 0, 2]


def test_a_whole_number_is_whole_or_no_value(tmp_path: Path) -> None:
    """2.5 is not 3; a source that says it means something else."""
    report = ingest(tmp_path, [{"No": str(n), "Length": text} for n, text in enumerate(["2.5", "2.0", "1e1", "25e-1"])])
    assert [row["days"] for row in stored(tmp_path)] == [2, 10]
    assert rejected(report) == {"unparseable:days": 2}


def test_weeks_with_one_decimal_give_back_exact_days(tmp_path: Path) -> None:
    weeks = [f"{days / 7:.1f}" for days in range(101)]
    changes = {"mapping": {"days": {"from": "Length", "unit": "weeks"}}}
    assert column(tmp_path, "days", weeks, "Length", **changes) == list(range(101))


def test_an_affine_unit_is_converted_exactly(tmp_path: Path) -> None:
    changes = {"mapping": {"degrees": {"from": "Warmth", "unit": "fahrenheit"}}}
    assert column(tmp_path, "degrees", ["32", "212", "-40", "98.6"], "Warmth", **changes) == [0, 600, -400, 370]


def test_numbers_out_of_bounds_are_clipped_and_counted(tmp_path: Path) -> None:
    values = ["101", "-1", "1e300", "-inf", "99999999999999999999999", "100", "inf"]
    rows = [{"No": str(n), "Length": value} for n, value in enumerate(values)]
    report = ingest(tmp_path, rows)
    assert [row["days"] for row in stored(tmp_path)] == [100, 0, 100, 100, 100]
    assert {one.name: one.clipped for one in report.columns}["days"] == 4
    assert rejected(report) == {"unparseable:days": 2}  # infinity is no figure
    strict = ingest(tmp_path, rows, mapping={"days": {"from": "Length", "clip": False}})
    assert [row["days"] for row in stored(tmp_path)] == [100]
    assert rejected(strict) == {"unparseable:days": 2, "out_of_bounds:days": 4}


def test_a_city_tightens_the_bounds_and_what_lies_beyond_is_rejected(tmp_path: Path) -> None:
    rows = [{"No": str(n), "Length": value} for n, value in enumerate(["4", "5", "60", "61", "200"])]
    report = ingest(tmp_path, rows, mapping={"days": {"from": "Length", "lower": 5, "upper": 60}})
    assert [row["days"] for row in stored(tmp_path)] == [5, 60]
    assert rejected(report) == {"out_of_bounds:days": 3}
    with pytest.raises(
        ConfigError, match=r"mapping\.days\.upper: a city tightens the bounds of the contract, 0 to 100"
    ):
        ingest(tmp_path, rows, mapping={"days": {"from": "Length", "upper": 101}})


def test_not_a_number_and_empty_are_null(tmp_path: Path) -> None:
    report = ingest(tmp_path, [{"No": "1", "Length": "nan"}, {"No": "2", "Length": None}])
    assert [row["days"] for row in stored(tmp_path)] == [None, None]
    assert {one.name: one.nulls for one in report.columns}["days"] == 2


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ({"Length": "a fortnight"}, "unparseable:days"),
        ({"Day": "31.05.2024"}, "unparseable:day"),
        ({"Day": "infinity"}, "unparseable:day"),
        ({"Moment": "noon"}, "unparseable:moment"),
        ({"Urgent": "perhaps"}, "unparseable:urgent"),
        ({"Kind": None}, "missing:kind"),
        ({"Day": None}, "missing:day"),
        ({"No": None}, "missing:repair"),
        ({"Kind": "bridge"}, "not_in_domain:kind"),
        ({"Day": "1999-12-31"}, "not_in_domain:year"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_by_rule(tmp_path: Path, bad: dict[str, Any], rule: str) -> None:
    report = ingest(tmp_path, [{"No": "1"}, {"No": "2", **bad}])
    assert rule in rejected(report)
    assert (report.rows_read, report.rows_kept) == (2, 1)
    assert [row["repair"] for row in stored(tmp_path)] == ["1"]


def test_a_row_in_a_declared_structural_zero_is_rejected(tmp_path: Path) -> None:
    zeros = {"year": {"from": 2000, "to": 2019}}
    rows = [{"No": "1"}, {"No": "2", "Day": "2019-12-31"}, {"No": "3", "Urgent": "false"}]
    report = ingest(tmp_path, rows, structural_zeros={**zeros, "urgent": [False]})
    assert rejected(report) == {"structural_zero:year": 1, "structural_zero:urgent": 1}
    assert report.rows_kept == 1


def test_recodes_replace_texts_and_otherwise_what_they_do_not_list(tmp_path: Path) -> None:
    values = ["Strasse", "Rohr", "??", None, "n/a"]
    listed = {"Strasse": "road", "Rohr": "pipe"}
    kind = {"from": "Kind", "recode": listed, "otherwise": "other", "null_as": "other", "null_values": ["n/a"]}
    assert column(tmp_path, "kind", values, "Kind", mapping={"kind": kind}) == [
        "road",
        "pipe",
        "other",
        "other",
        "other",
    ]


def test_a_recode_without_otherwise_rejects_what_it_does_not_list(tmp_path: Path) -> None:
    kind = {"from": "Kind", "recode": {"Strasse": "road"}}
    report = ingest(tmp_path, [{"Kind": "Strasse"}, {"Kind": "Rohr"}], mapping={"kind": kind})
    assert rejected(report) == {"not_in_domain:kind": 1}


def test_a_mapping_that_rejects_every_row_publishes_nothing(tmp_path: Path) -> None:
    ingest(tmp_path, [{"No": "1"}])
    with pytest.raises(ConfigError, match=r"0 of 2 rows are kept \(not_in_domain:kind 2\), and min_rows is 1"):
        ingest(tmp_path, [{"No": "2", "Kind": "bridge"}, {"No": "3", "Kind": "bridge"}])
    assert [row["repair"] for row in stored(tmp_path)] == ["1"]


def test_the_report_cuts_no_rule_and_no_name_in_a_narrow_terminal(tmp_path: Path) -> None:
    console = Console(file=StringIO(), width=60)
    console.print(ingest(tmp_path, [{"No": "1"}, {"No": "2", "Kind": "bridge"}]))
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue()
    assert "1 of 2 rows kept" in printed
    assert "…" not in printed


def test_texts_are_kept_to_the_letter(tmp_path: Path) -> None:
    odd = ["# no comment", "Plumbing ", "it's", 'a "b"', "x\\n", "ß;,", "two\nlines", "NULL"]
    ingest(tmp_path, [{"No": text} for text in odd])
    assert sorted(row["repair"] for row in stored(tmp_path)) == sorted(odd)


def test_names_and_texts_of_a_person_never_become_sql(tmp_path: Path) -> None:
    evil = "x'); DROP TABLE staged; --"
    kind = {"from": "Kind", "recode": {evil: "pipe"}, "null_values": [evil + "2"]}
    assert column(tmp_path, "kind", [evil, "road"], "Kind", mapping={"kind": kind}) == ["pipe", "road"]
    with pytest.raises(ConfigError, match="the source has no column"):
        ingest(tmp_path, [{}], mapping={"kind": {"from": '"; SELECT 1; --'}})


def test_dates_are_read_by_their_format(tmp_path: Path) -> None:
    day = {"from": "Day", "format": "%m/%d/%Y"}
    assert column(tmp_path, "day", ["05/31/2024", "02/29/2024"], "Day", mapping={"day": day}) == [
        date(2024, 5, 31),
        date(2024, 2, 29),
    ]
    assert [row["year"] for row in stored(tmp_path)] == [2024, 2024]


def test_days_of_a_workbook_count_from_1900_or_1904_and_have_no_time(tmp_path: Path) -> None:
    for form, serial, before in (("excel", "45296", "60"), ("excel_1904", "43834", "-1")):
        values = [serial, f"{serial}.5", before]
        found = column(tmp_path, "day", values, "Day", mapping={"day": {"from": "Day", "format": form}})
        assert found == [date(2024, 1, 5)]


@pytest.mark.parametrize(("form", "midnight"), [("epoch_s", 1_704_412_800), ("epoch_ms", 1_704_412_800_000)])
def test_an_instant_is_a_day_at_midnight_alone(tmp_path: Path, form: str, midnight: int) -> None:
    """One hour earlier is midnight of the same day in Berlin, and lies in the day before in UTC."""
    values = [str(midnight), str(midnight - midnight // 1_704_412_800 * 3600)]
    found = column(tmp_path, "day", values, "Day", mapping={"day": {"from": "Day", "format": form}})
    assert found == [date(2024, 1, 5)]


def test_truth_values_may_have_blanks_around_them(tmp_path: Path) -> None:
    assert column(tmp_path, "urgent", [" true", "no "], "Urgent") == [True, False]


def test_an_offset_is_turned_into_utc(tmp_path: Path) -> None:
    assert column(tmp_path, "moment", ["2024-01-01T00:30:00+02:00"], "Moment") == [datetime(2023, 12, 31, 22, 30)]


def test_a_local_clock_is_turned_into_utc_and_back(tmp_path: Path) -> None:
    clock = {"from": "Moment", "from_zone": "America/New_York"}
    values = ["2013-07-04 08:30:00", "2013-01-04T08:30", "2013-01-04"]
    assert column(tmp_path, "moment", values, "Moment", mapping={"moment": clock}) == [
        datetime(2013, 7, 4, 12, 30),
        datetime(2013, 1, 4, 13, 30),
        datetime(2013, 1, 4, 5),
    ]
    shown = {"from": "Moment", "to_zone": "America/New_York"}
    texts = ["2013-07-04 12:30:00", "2013-01-04T13:30:00Z", "2013-01-04 00:00:00-05"]
    assert column(tmp_path, "moment", texts, "Moment", mapping={"moment": shown}) == [
        datetime(2013, 7, 4, 8, 30),
        datetime(2013, 1, 4, 8, 30),
        datetime(2013, 1, 4),
    ]


def test_an_hour_that_a_clock_shows_twice_is_the_earlier_and_one_that_it_leaps_over_is_rejected(tmp_path: Path) -> None:
    moment = {"from": "Moment", "from_zone": "America/New_York", "format": "%d.%m.%Y %H:%M"}
    rows = [{"No": "1", "Moment": "03.11.2013 01:30"}, {"No": "2", "Moment": "10.03.2013 02:30"}]
    report = ingest(tmp_path, rows, mapping={"moment": moment})
    assert [row["moment"] for row in stored(tmp_path)] == [datetime(2013, 11, 3, 5, 30)]
    assert rejected(report) == {"unparseable:moment": 1}


@pytest.mark.parametrize("stated", ["2013-01-04 08:30:00Z", "2013-01-04 08:30:00+01", "2013-01-04 08:30 Europe/Paris"])
def test_a_time_that_states_its_own_offset_is_none_of_the_declared_clock(tmp_path: Path, stated: str) -> None:
    moment = {"from": "Moment", "from_zone": "America/New_York"}
    report = ingest(tmp_path, [{"Moment": stated}, {"Moment": "2013-01-04 08:30:00"}], mapping={"moment": moment})
    assert rejected(report) == {"unparseable:moment": 1}


def test_a_row_without_a_unit_becomes_a_unit_by_itself(tmp_path: Path) -> None:
    repair = {"from": "No", "null_values": ["none"], "null_from": ["Kind", "Day"]}
    rows: list[dict[str, Any]] = [
        {"No": "7"},
        {"No": "none"},
        {"No": None, "Day": "2024-06-01"},
        {"No": None, "Kind": None},
    ]
    report = ingest(tmp_path, rows, mapping={"repair": repair})
    assert [row["repair"] for row in stored(tmp_path)] == ["7", "road 2024-05-31", "road 2024-06-01"]
    assert rejected(report) == {"missing:repair": 1, "missing:kind": 1}


def test_a_file_without_rows_is_no_version(tmp_path: Path) -> None:
    for changes in ({}, {"level": "controlled", "tables": TABLES}):
        with pytest.raises(ConfigError, match=r"repairs\.csv has no row, and an empty export is no version"):
            ingest(tmp_path, [], **changes)
    assert current_version(dataset_folder(tmp_path / "served", REPAIRS.id)) is None


def test_a_constant_fills_a_column(tmp_path: Path) -> None:
    constants = {"kind": {"constant": "other"}, "urgent": {"constant": None}, "days": {"constant": 3}}
    ingest(tmp_path, [{}], mapping=constants)
    assert [(row["kind"], row["urgent"], row["days"]) for row in stored(tmp_path)] == [("other", None, 3)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mapping": {"kind": {"from": "Kinds"}}}, r"mapping.kind.from: .*did you mean Kind"),
        ({"mapping": {"day": {"from": "Day", "format": "%Q"}}}, r"mapping.day.format: '%Q' is no strptime format"),
        (
            {"mapping": {"day": {"from": "Day", "format": "exel"}}},
            r"mapping.day.format: 'exel' is no format of dates and times; did you mean excel",
        ),
        (
            {"mapping": {"day": {"from": "Day", "format": "%Y-%m-%dT%H:%M:%S%z"}}},
            r"mapping.day.format: an offset makes a time that may lie in another day; .* local_day: true",
        ),
        (
            {"mapping": {"moment": {"from": "Moment", "from_zone": "America/NewYork"}}},
            r"mapping.moment.from_zone: 'America/NewYork' is no time zone; did you mean America/New_York",
        ),
        (
            {"mapping": {"repair": {"from": "No", "null_from": ["Kinds"]}}},
            r"null_from: .*did you mean Kind",
        ),
        ({"source": {"format": "csv", "path": "absent.csv"}}, r"source.path: .*absent.csv is no file"),
        ({"source": {"format": "parquet", "path": "repairs.csv"}}, r"source.format: .*cannot be read as parquet"),
        ({"source": {"format": "duckdb", "path": "repairs.csv", "table": "t"}}, "cannot be read as duckdb"),
        ({"treshold": 3}, "did you mean threshold"),
    ],
)
def test_an_operators_mistake_is_named_with_file_field_and_remedy(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=rf"manifest\.yaml: {said}|manifest\.yaml: .*{said}"):
        ingest(tmp_path, [{}], **changes)
    assert current_version(dataset_folder(tmp_path / "served", REPAIRS.id)) is None


def test_a_corrupt_parquet_file_leaves_the_earlier_version_served(tmp_path: Path) -> None:
    source = {"format": "parquet", "path": "repairs.parquet"}
    write_parquet(tmp_path / "repairs.parquet", [{"No": str(n)} for n in range(5000)])
    manifest = write_manifest(tmp_path, manifest_of(source=source))
    ingest_dataset(manifest, REPAIRS, tmp_path / "served")
    whole = bytearray((tmp_path / "repairs.parquet").read_bytes())
    whole[4 : len(whole) // 2] = bytes(len(whole) // 2 - 4)
    (tmp_path / "repairs.parquet").write_bytes(whole)
    with pytest.raises(
        ConfigError, match=r"source\.path: .*cannot be read as parquet.*replace the file by an intact one"
    ):
        ingest_dataset(manifest, REPAIRS, tmp_path / "served")
    assert len(stored(tmp_path)) == 5000


def test_a_source_is_read_and_never_written(tmp_path: Path) -> None:
    write_duckdb(tmp_path / "repairs.duckdb", "repairs", [{}])
    before = (tmp_path / "repairs.duckdb").read_bytes()
    source = {"format": "duckdb", "path": "repairs.duckdb", "table": "repairs"}
    ingest_dataset(write_manifest(tmp_path, manifest_of(source=source)), REPAIRS, tmp_path / "served")
    assert (tmp_path / "repairs.duckdb").read_bytes() == before


def test_a_controlled_file_holds_published_cells_and_no_row(tmp_path: Path) -> None:
    rows = [{"No": f"secret-{n}", "Kind": "road" if n else "pipe"} for n in range(9)]
    ingest(tmp_path, rows, level="controlled", tables=TABLES)
    version = current(tmp_path)
    assert b"secret-" not in version.path.read_bytes()
    with duckdb.connect(str(version.path), read_only=True) as connection:
        tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
        cells = connection.execute("SELECT * FROM by_kind WHERE cause IS NOT NULL").fetchall()
    assert tables == {"by_kind", "prepared"}
    assert cells
    assert all(value is None for cell in cells for value in cell[2:])


def test_the_report_shows_counts_by_column_rule_and_table(tmp_path: Path) -> None:
    rows = [{"No": str(n), "Length": "200"} for n in range(4)] + [{"Kind": "bridge"}, {"No": "9", "Kind": "pipe"}]
    report = ingest(tmp_path, rows, level="controlled", tables=TABLES, protection="primary")
    (table,) = report.tables
    assert (table.name, table.cells, table.suppressed_units) == ("by_kind", 20, 0.2)
    with duckdb.connect(str(current(tmp_path).path), read_only=True) as connection:
        stored_causes = connection.execute("SELECT cause, count(*) FROM by_kind WHERE cause IS NOT NULL GROUP BY 1")
        assert table.causes == dict(stored_causes.fetchall())
    assert set(table.causes) == {Cause.THRESHOLD, Cause.DOMINANCE}
    assert 0 < table.causes[Cause.THRESHOLD] < table.suppressed_cells == sum(table.causes.values()) < 20
    console = Console(width=160, record=True, file=StringIO())
    console.print(report)
    text = console.export_text()
    assert "5 of 6 rows kept" in text
    assert "1 not_in_domain" in text
    assert "20.0%" in text
    assert f"{table.causes[Cause.THRESHOLD]} threshold" in text


def test_a_rule_is_given_what_earlier_versions_published_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Publication]] = []

    def recorded(
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        rules: Sequence[DisclosureRule],
        earlier: Iterable[Publication],
    ) -> Publication:
        asked.append(list(earlier))
        counted.append(facts["by_kind"][0].rows)
        made.append(publish(tables, facts, rules, earlier))
        return made[-1]

    made: list[Publication] = []
    counted: list[int] = []
    monkeypatch.setattr(hansa_node.ingest.protection, "publish", recorded)
    for rows in (4, 5, 6):
        # Nothing is shown of so few, so that each version may count anew.
        ingest(tmp_path, [{"No": str(n)} for n in range(rows)], level="controlled", tables=TABLES, threshold=10)
    assert asked == [[], [made[0]], [made[1], made[0]]]
    ingest(tmp_path, [{"No": str(n)} for n in range(7)], level="controlled", tables=TABLES, threshold=4)
    assert asked[-1] == []  # other tables, or other rules: their cells are not those
    assert counted == [4, 5, 6, 7]


def test_columns_of_a_source_are_never_taken_for_those_of_ingest(tmp_path: Path) -> None:
    """A file whose columns bear the names that ingest gives its own is read as any other."""
    own = [f"{kind}{index}" for kind in "rtvls" for index in range(3)] + ["row_of_source", "value", "structural"]
    rows = [
        {**ROW, **dict.fromkeys(own, "0"), "No": number, "Kind": kind} for number, kind in (("1", "road"), ("2", "x"))
    ]
    with (tmp_path / "repairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    report = ingest_dataset(write_manifest(tmp_path, manifest_of()), REPAIRS, tmp_path / "served")
    assert [row["repair"] for row in stored(tmp_path)] == ["1"]
    assert rejected(report) == {"not_in_domain:kind": 1}
    [offending] = next(column.offending for column in report.columns if column.name == "kind")
    assert (offending.text, offending.first) == ("x", 2)
