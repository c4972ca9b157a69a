"""What a city says about its own file is read exactly, or named where it is wrong."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hansa_core.errors import ConfigError
from hansa_local.contract_files import contract_in
from hansa_node.ingest.manifest_file import read_manifest, read_manifest_file
from hansa_node.ingest.mapping import mapping_from_document
from hansa_node.ingest.units import conversion
from hansa_published import SHOPS
from hansa_tables.source import SourceFormat

COLUMNS = [name for name in SHOPS.columns if name != "visits"]
DOCUMENT: dict[str, Any] = {
    "source": {"format": "csv", "path": "shops.csv"},
    "mapping": {**{name: {"from": name} for name in COLUMNS}, "visits": {"constant": 1}},
}


@pytest.mark.parametrize(
    ("source", "target", "scale", "offset"),
    [
        ("weeks", "days", 7, 0),
        ("week", "days", 7, 0),
        ("min", "h", Fraction(1, 60), 0),
        ("mi", "km", Fraction("1.609344"), 0),
        ("km", "miles", Fraction(1000) / Fraction("1609.344"), 0),
        ("lb", "kg", Fraction("0.45359237"), 0),
        ("fahrenheit", "celsius", Fraction(5, 9), Fraction(-160, 9)),
        ("kelvin", "celsius", 1, Fraction("-273.15")),
        ("mph", "m/s", Fraction("0.44704"), 0),
        ("knots", "km/h", Fraction("1.852"), 0),
        ("%", "share", Fraction(1, 100), 0),
        ("EUR", "EUR", 1, 0),
    ],
)
def test_units_convert_exactly(source: str, target: str, scale: Fraction, offset: Fraction) -> None:
    found = conversion(source, target)
    assert (found.scale, found.offset) == (scale, offset)


@pytest.mark.parametrize(
    ("source", "said"), [("miles", "miles is a unit of length"), ("weaks", "did you mean weeks"), ("EUR", "no unit")]
)
def test_units_that_do_not_convert_are_refused(source: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        conversion(source, "days")


def test_a_relative_path_starts_at_the_manifests_folder() -> None:
    mapping = mapping_from_document(DOCUMENT, SHOPS, Path("/srv/node"))
    assert mapping.source.paths == (Path("/srv/node/shops.csv"),)
    assert mapping.source.format is SourceFormat.CSV
    assert mapping.columns["visits"].constant == "1"


@pytest.mark.parametrize(
    ("section", "changes", "said"),
    [
        ("source", {"format": "xlsx"}, "source.format: 'xlsx' is not offered"),
        ("source", {"pth": "x"}, "did you mean path"),
        ("source", {"table": "t"}, "source.table"),
        ("source", {"delimiter": ";;"}, "one character"),
        ("mapping", {"kinds": {"from": "kind"}}, "did you mean kind"),
        ("mapping", {"kind": None}, "mapping.kind: is missing"),
        ("mapping", {"kind": {"form": "kind"}}, "did you mean from|did you mean format"),
        ("mapping", {"kind": {"from": "kind", "constant": "bar"}}, "exactly one of from, year_of and constant"),
        ("mapping", {"kind": {"from": "kind", "format": "%Y"}}, "a format is for times and numbers"),
        ("mapping", {"kind": {"from": "kind", "from_zone": "UTC"}}, "mapping.kind.from_zone: a time zone is for times"),
        ("mapping", {"kind": {"from": "kind", "null_as": "bar", "null_from": ["kind"]}}, "keep one of them"),
        ("mapping", {"kind": {"from": "kind", "null_from": "kind"}}, "mapping.kind.null_from: must be a list"),
        ("mapping", {"kind": {"from": "kind", "unit": "days"}}, "mapping.kind.unit: the contract gives kind no unit"),
        ("mapping", {"kind": {"from": "kind", "recode": ["bar"]}}, "mapping.kind.recode: is no mapping"),
        ("mapping", {"kind": {"year_of": "days"}}, "'days' is no date of the contract"),
        ("mapping", {"kind": {"constant": ["bar"]}}, "mapping.kind.constant"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(section: str, changes: dict[str, Any], said: str) -> None:
    document = {**DOCUMENT, section: {**DOCUMENT[section], **changes}}
    with pytest.raises(ValueError, match=said):
        mapping_from_document(document, SHOPS, Path())


def test_a_threshold_that_a_later_line_lowers_is_refused_wherever_the_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text("contract: town.shops/1\nthreshold: 10\nlevel: open\nthreshold: 3\n", encoding="utf-8")
    for read in (read_manifest, read_manifest_file):
        with pytest.raises(ConfigError, match=r"manifest\.yaml: 'threshold' stands on line 2 and again on line 4"):
            read(path, SHOPS)


def test_a_contract_with_a_second_floor_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"c\.yaml: is no contract: 'least_level' stands on line 1 and again on line 2"
    ):
        contract_in(b"least_level: private\nleast_level: open\n", Path("c.yaml"))


def test_a_column_left_empty_or_null_in_a_list_of_texts_is_named() -> None:
    document = {**DOCUMENT, "mapping": {**DOCUMENT["mapping"], "kind": {"from": "kind", "null_from": ["-", None]}}}
    with pytest.raises(ValueError, match=r"mapping\.kind\.null_from\[1\]: must be a text"):
        mapping_from_document(document, SHOPS, Path())
