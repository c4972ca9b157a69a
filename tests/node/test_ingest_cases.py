"""Inputs that once became wrong values in silence, each with what it has to become."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hansa_core.errors import ConfigError
from hansa_local.contract_files import contract_in
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import IngestReport

CASES = Path(__file__).parents[1] / "fixtures" / "ingest_cases"


class Case:
    """One case in a folder of its own, ingested with what is changed in its manifest."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        shutil.copytree(CASES / name, self.folder)
        own, shared = self.folder / "contract.yaml", CASES / ("lab2.yaml" if name == "31dup" else "lab.yaml")
        path = own if own.exists() else shared
        self.contract = contract_in(path.read_bytes(), path)

    def ingest(self, **mapping: Mapping[str, Any]) -> IngestReport:
        """With these columns mapped otherwise."""
        path = self.folder / "manifest.yaml"
        if "max_rejected_share" not in path.read_text():
            path.write_text(f"{path.read_text()}\nmax_rejected_share: 1\nmax_clipped_share: 1\n")
        if mapping:
            document = yaml.safe_load(path.read_text())
            document["mapping"] |= mapping
            path.write_text(yaml.safe_dump(document, allow_unicode=True))
        return ingest_dataset(path, self.contract, self.folder / "data")

    def rows(self, *columns: str) -> dict[str, Any]:
        """What is served, by the row's id: the value of one column, or the values of several."""
        version = current_version(dataset_folder(self.folder / "data", self.contract.id))
        assert version is not None
        with open_locked(version.path) as connection:
            found = connection.sql('SELECT * FROM "rows" ORDER BY id').to_arrow_table().to_pylist()
        values = {row["id"]: tuple(row[each] for each in columns) for row in found}
        return {name: row[0] if len(columns) == 1 else row for name, row in values.items()}


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Case]:
    return lambda name: Case(tmp_path, name)


def rejected(report: IngestReport) -> dict[str, int]:
    return {rule: rows for column in report.columns for rule, rows in column.rejected.items()}


def test_an_empty_export_is_no_version(case: Any) -> None:
    with pytest.raises(ConfigError, match=r"source\.csv has no row, and an empty export is no version"):
        case("08b").ingest()


def test_blank_lines_stand_before_a_header_and_a_header_is_no_row(case: Any) -> None:
    lab = case("08h")
    report = lab.ingest()
    assert lab.rows("plz") == {"a": "1"}
    assert report.rows_read == 1


def test_another_encoding_is_proposed_with_what_its_line_would_say(case: Any) -> None:
    lab = case("09f")
    with pytest.raises(
        ConfigError, match=r"source\.csv, line 2 is not UTF-8, and reads as windows-1252: 'a,1,München'"
    ):
        lab.ingest()
    path = lab.folder / "manifest.yaml"
    path.write_text(path.read_text().replace("path: source.csv", "path: source.csv\n  encoding: windows-1252"))
    lab.ingest()
    assert lab.rows("plz") == {"a": "München"}


def test_numbers_are_read_as_declared_and_as_nothing_else(case: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'look like numbers with other signs; .* declare decimal: ","'):
        case("01").ingest()
    (tmp_path / "german").mkdir()
    german = Case(tmp_path / "german", "01")
    german.ingest(amount={"from": "amount", "decimal": ",", "thousands": "."})
    hundredths = {"a": 123_400, "b": 123_456, "c": 1250, "f": 100_000_000, "l": 1200}  # f is clipped to the bound
    assert german.rows("amount") == hundredths
    (tmp_path / "spaced").mkdir()
    spaced = Case(tmp_path / "spaced", "01")
    spaced.ingest(amount={"from": "amount", "decimal": ",", "thousands": " "})
    assert spaced.rows("amount") == {"c": 1250, "d": 123_400, "e": 123_450, "l": 1200}
    (tmp_path / "euros").mkdir()
    euros = Case(tmp_path / "euros", "01")
    euros.ingest(amount={"from": "amount", "decimal": ",", "thousands": ".", "strip": ["€"]})
    assert euros.rows("amount") == hundredths | {"g": 1200, "h": 1200}


def test_only_iso_days_are_days_without_a_format(case: Any) -> None:
    """No year 1, 24 or 1970 comes of a text that is no date, and no time zone moves a day."""
    lab = case("05")
    lab.ingest(at={"constant": None})
    assert lab.rows("day") == {"01": date(2024, 1, 5), "09": date(2024, 1, 5), "25": date(1900, 1, 1)}


def test_a_day_is_kept_of_times_where_that_is_declared(case: Any) -> None:
    lab = case("05")
    lab.ingest(at={"constant": None}, day={"from": "day", "local_day": True})
    assert {lab.rows("day")[each] for each in ("16", "17", "18")} == {date(2024, 1, 5)}


def test_years_of_two_digits_are_read_by_their_own_format_only(case: Any) -> None:
    lab = case("06")
    report = lab.ingest(at={"constant": None})
    days = [
        "2024-01-02",
        "2068-01-02",
        "1969-01-02",
        "1999-01-02",
        "2049-12-31",
        "2024-01-02",
        "2024-01-02",
        "2024-01-02",
    ]
    names = ["01", "02", "03", "04", "05", "07", "09", "10"]
    assert lab.rows("day") == dict(zip(names, map(date.fromisoformat, days), strict=True))
    assert rejected(report) == {"unparseable:day": 2}


def test_four_digits_are_demanded_where_the_format_has_them(case: Any) -> None:
    lab = case("06")
    lab.ingest(day={"constant": None})
    assert lab.rows("at") == {"08": datetime(2024, 1, 2)}


def test_times_past_midnight_are_seconds_of_the_service_day(case: Any) -> None:
    lab = case("13")
    lab.ingest(count_n={"from": "count_n", "format": "gtfs"}, at={"constant": None})
    assert lab.rows("count_n") == {"a": 86_340, "b": 86_700, "c": 91_800, "d": 29_100}


def test_times_past_midnight_are_no_numbers_without_it(case: Any) -> None:
    with pytest.raises(ConfigError, match=r"0 of 4 rows are kept \(unparseable:count_n 4\), and min_rows is 1"):
        case("13").ingest(at={"constant": None})


def test_null_words_of_yaml_mean_the_words(case: Any) -> None:
    lab = case("16")
    report = lab.ingest()
    assert lab.rows("amount", "plz", "flag") == {
        "a": (None, None, None),
        "b": (None, "None", None),
        "c": (100, None, None),
    }
    assert {one.name: one.unused for one in report.columns if one.unused} == {}


def test_a_word_that_no_row_has_is_reported(case: Any) -> None:
    report = case("16").ingest(plz={"from": "plz", "null_values": ["n/a", None], "recode": {"Köln": "50667"}})
    assert {one.name: one.unused for one in report.columns if one.unused} == {
        "plz": ("null_values: n/a", "recode: Köln")
    }


def test_a_null_value_is_one_by_its_value_in_typed_files(case: Any) -> None:
    lab = case("17a")
    lab.ingest(big={"constant": None})
    assert lab.rows("amount", "count_n")["b"] == (None, None)


@pytest.mark.parametrize(("name", "zone"), [("18i", "to_zone"), ("18j", "from_zone")])
def test_a_day_passes_through_no_zone(case: Any, name: str, zone: str) -> None:
    with pytest.raises(ConfigError, match=rf"mapping\.day\.{zone}: a day passes through no time zone"):
        case(name).ingest()


def test_days_stay_beside_times_that_are_converted(case: Any) -> None:
    lab = case("18j")
    lab.ingest(day={"from": "day", "local_day": True})
    assert lab.rows("day", "at") == {
        "a": (date(2024, 1, 5), datetime(2024, 1, 5, 8)),
        "b": (date(2024, 7, 5), datetime(2024, 7, 5, 7)),
        "c": (date(2024, 1, 5), datetime(2024, 1, 4, 23, 30)),
    }


def test_a_position_elsewhere_is_no_position_at_the_edge(case: Any) -> None:
    lab = case("20")
    report = lab.ingest()
    assert lab.rows("lat", "lon") == {"a": (538_600, 106_800), "b": (106_800, 538_600), "f": (0, 0)}
    assert all(one.clipped == 0 for one in report.columns)


def test_a_city_knows_where_it_lies(case: Any) -> None:
    lab = case("20")
    lab.ingest(lat={"from": "lat", "lower": 53, "upper": 55})
    assert lab.rows("lat") == {"a": 538_600}


def test_a_public_word_is_the_same_with_blanks_and_another_with_other_letters(case: Any) -> None:
    lab = case("28")
    report = lab.ingest()
    assert lab.rows("district") == {"a": "Nord", "d": "Nord", "e": "Nord"}
    assert rejected(report) == {"not_in_domain:district": 3}


def test_a_key_given_twice_is_refused_with_both_lines(case: Any) -> None:
    with pytest.raises(ConfigError, match="'threshold' stands on line 4 and again on line 13"):
        case("31dup").ingest()


def test_a_public_word_that_ends_in_a_blank_is_kept_as_it_is_declared(case: Any) -> None:
    lab = case("28")
    path = lab.folder / "manifest.yaml"
    path.write_text(path.read_text().replace("- Nord\n", '- "Nord "\n'))
    lab.ingest()
    assert lab.rows("district") == {"a": "Nord ", "d": "Nord ", "e": "Nord "}
