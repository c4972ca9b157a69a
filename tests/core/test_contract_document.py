"""hansa_core.contract.contract_document: the league's contract files, and what is wrong with a broken one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from hansa_core.contract.contract import Scope
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DatePart

CONTRACTS = Path(__file__).parents[2] / "contracts"

DOCUMENT: dict[str, Any] = {
    "contract": "demo.trips/2",
    "title": "Trips",
    "unit": "rider",
    "unit_scope": "global",
    "max_cities_per_unit": 4,
    "least_level": "open",
    "columns": {
        "rider": {"type": "text", "meaning": "who", "identifier": True, "required": True},
        "fare": {
            "type": "number",
            "meaning": "the price",
            "unit": "EUR",
            "quantum": 0.1,
            "lower": "-5",
            "upper": "99.9",
            "bins": [[1.5], [0.5, 1.5]],
            "key_width": "0.5",
        },
        "zone": {
            "type": "integer",
            "meaning": "zone",
            "quantum": 1,
            "lower": 1,
            "upper": 9,
            "domain": {"from": 1, "to": 4},
        },
        "mode": {"type": "text", "meaning": "vehicle", "domain": ["tram", "bus"]},
        "day": {"type": "date", "meaning": "day", "key_part": "month"},
        "holiday": {"type": "date", "meaning": "a holiday", "domain": [date(2024, 1, 1), date(2024, 12, 25)]},
        "opened": {"type": "timestamp", "meaning": "an opening", "domain": [datetime(2024, 1, 1)]},
        "rate": {"type": "number", "meaning": "share", "quantum": 0.25, "lower": 0, "upper": 1, "domain": [0, 0.25, 1]},
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The document with one field set; a field of None is left out."""
    document = deepcopy(DOCUMENT)
    *parents, last = path.split(".")
    target = document
    for parent in parents:
        target = target[parent]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return document


def test_a_document_becomes_a_contract_with_exact_numbers() -> None:
    contract = contract_from_document(DOCUMENT)
    fare = contract.columns["fare"]
    assert contract.id == ContractId("demo.trips", 2)
    assert (contract.entity, contract.unit_scope, contract.max_cities_per_unit) == ("rider", Scope.GLOBAL, 4)
    assert (fare.quantum, fare.lower, fare.upper) == (Fraction(1, 10), Fraction(-5), Fraction(999, 10))
    assert (fare.key_width, fare.bins[0]) == (Fraction(1, 2), (Fraction(3, 2),))
    assert contract.columns["zone"].domain == (1, 2, 3, 4)
    assert contract.columns["rate"].domain == (0.0, 0.25, 1.0)
    assert contract.columns["day"].key_part is DatePart.MONTH


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("contract", "housing", "contract: "),
        ("contract", None, "contract: "),
        ("titel", "x", "title"),
        ("least_level", "opne", "did you mean open?"),
        ("unit_scope", "globl", "did you mean global?"),
        ("max_cities_per_unit", None, "max_cities_per_unit"),
        ("max_cities_per_unit", True, "max_cities_per_unit"),
        ("columns", [], "columns"),
        ("columns.city", {"type": "text", "meaning": "x"}, "city"),
        ("columns.Mode", {"type": "text", "meaning": "x"}, "Mode"),
        ("columns.note", "text", "columns.note"),
        ("unit", "ridder", "ridder"),
        ("columns.rider.required", None, "required"),
        ("columns.rider.domain", ["a"], "columns.rider.identifier"),
        ("columns.mode.type", "txt", "did you mean text?"),
        ("columns.mode.meaning", None, "columns.mode.meaning"),
        ("columns.mode.requird", True, "did you mean required?"),
        ("columns.mode.required", "yes", "columns.mode.required"),
        ("columns.mode.domain", [True], "quotes"),
        ("columns.mode.domain", [], "columns.mode.domain"),
        ("columns.mode.domain", ["tram", "tram"], "repeats"),
        ("columns.mode.per_city", True, "per_city"),
        ("columns.mode.bins", [[1]], "columns.mode"),
        ("columns.mode.key_part", "month", "columns.mode.key_part"),
        ("columns.day.key_part", "hour", "columns.day.key_part"),
        ("columns.day.key_part", "munth", "did you mean month?"),
        ("columns.fare.quantum", None, "quantum"),
        ("columns.fare.quantum", True, "columns.fare.quantum"),
        ("columns.fare.quantum", "a tenth", "columns.fare.quantum"),
        ("columns.fare.quantum", float("inf"), "columns.fare.quantum"),
        ("columns.fare.quantum", 0, "quantum"),
        ("columns.fare.quantum", "1e-16", "at most 10^15"),
        ("columns.fare.quantum", 10**15 + 1, "at most 10^15"),
        ("columns.fare.lower", "0.05", "columns.fare.lower"),
        ("columns.fare.upper", 10**19, "columns.fare.upper"),
        ("columns.fare.lower", 100, "lower"),
        ("columns.fare.bins", [1, 2], "columns.fare.bins"),
        ("columns.fare.bins", [[1], [2]], "bins"),
        ("columns.fare.bins", [[500]], "columns.fare.bins"),
        ("columns.fare.key_width", "0.25", "columns.fare.key_width"),
        ("columns.fare.key_width", -1, "columns.fare.key_width"),
        ("columns.fare.unit", "Euro", "columns.fare.unit: 'Euro' is no unit; did you mean EUR?"),
        ("columns.fare.unit", "rides", "as {trips}"),
        ("columns.mode.unit", "days", "columns.mode.unit: belongs to a number"),
        ("columns.mode.unique", True, "columns.mode.unique"),
        ("columns.mode.names_people", True, "columns.mode.names_people"),
        ("columns.rider.names_people", True, "least_level: rider names people"),
        ("columns.zone.quantum", 0.5, "quantum"),
        ("columns.zone.domain", {"from": 4, "to": 1}, "columns.zone.domain"),
        ("columns.zone.domain", {"from": 1, "too": 4}, "columns.zone.domain.too: is no known key; did you mean to?"),
        ("columns.zone.domain", [0, 1], "columns.zone.domain"),
        ("columns.zone.domain", [1.5], "columns.zone.domain"),
        ("columns.holiday.domain", ["2024-01-01"], "columns.holiday.domain"),
        ("columns.opened.domain", [datetime(2024, 1, 1, tzinfo=UTC)], "name no zone"),
    ],
)
def test_a_broken_document_names_the_field_and_the_remedy(path: str, value: object, named: str) -> None:
    with pytest.raises(ValueError) as refusal:
        contract_from_document(changed(path, value))
    assert named in str(refusal.value)


def test_people_are_served_row_by_row_for_a_reason_only() -> None:
    document = changed("columns.rider.names_people", True)
    with pytest.raises(ValueError, match="least_level_reason"):
        contract_from_document(document)
    assert contract_from_document({**document, "least_level": "controlled"}).least_level is Level.CONTROLLED
    reason = "a public register"
    assert contract_from_document({**document, "least_level_reason": reason}).least_level_reason == reason


def test_figures_that_do_not_fit_128_bits_are_refused_before_a_city_reads_any() -> None:
    wide = {"quantum": 10**15, "lower": 0, "upper": 9 * 10**33, "bins": None, "key_width": None}
    document = deepcopy(DOCUMENT)
    document["columns"]["fare"] |= wide
    with pytest.raises(ValueError, match=r"columns\.fare\.quantum: .* 128 bits .*; write a decimal one"):
        contract_from_document(document)
    document["columns"]["fare"] |= {"upper": 10**27 // 10**15 * 10**15}
    assert contract_from_document(document).columns["fare"].quantum == 10**15


def test_columns_that_differ_in_case_only_are_one_column_to_an_engine_and_refused() -> None:
    contract = contract_from_document(DOCUMENT)
    shouted = replace(contract.columns["mode"], name="MODE")
    with pytest.raises(ValueError, match="mode and MODE differ in case only"):
        replace(contract, columns={**contract.columns, "MODE": shouted})


def test_a_misspelt_key_is_named_although_it_is_empty_and_a_known_one_counts_as_left_out() -> None:
    with pytest.raises(ValueError, match=r"titel: is no known key; did you mean title\?"):
        contract_from_document({**DOCUMENT, "titel": None})
    assert contract_from_document({**DOCUMENT, "entity": None}).entity == "rider"


def test_a_column_may_be_called_like_a_key() -> None:
    document = changed("columns.type", {"type": "text", "meaning": "kind", "requird": True})
    with pytest.raises(ValueError, match=r"columns\.type\.requird: is no known key; did you mean required\?"):
        contract_from_document(document)


def test_a_key_that_is_no_text_is_named() -> None:
    with pytest.raises(ValueError, match=r"\[2024\]: is a key that is no text; write it in quotes"):
        contract_from_document(dict([*DOCUMENT.items(), (2024, "x")]))


def test_a_document_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="no mapping"):
        contract_from_document(["contract"])


def test_null_is_public_says_nothing_about_a_required_column() -> None:
    document = changed("columns.mode.required", True)
    document["columns"]["mode"]["null_is_public"] = True
    with pytest.raises(ValueError, match="null_is_public"):
        contract_from_document(document)


@pytest.mark.parametrize("file", sorted(CONTRACTS.glob("*.yaml")), ids=lambda file: file.name)
def test_every_contract_of_the_league_loads_under_its_own_name(file: Path) -> None:
    contract = contract_from_document(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert file.name == f"{contract.id.name}.{contract.id.version}.yaml"


def test_the_permit_contract_says_what_the_demo_needs() -> None:
    text = (CONTRACTS / "housing.permits.1.yaml").read_text(encoding="utf-8")
    contract = contract_from_document(yaml.safe_load(text))
    days = contract.columns["days_to_issue"]
    assert (contract.unit, contract.unit_scope, contract.least_level) == ("permit_id", Scope.CITY, Level.CONTROLLED)
    assert contract.columns["applied_year"].domain == tuple(range(1980, 2027))
    assert days.null_is_public
    assert list(days.bins[1]) == [30, 60, 90, 180, 365]
    for dimension in ("applied_year", "project", "permit_type", "review_track", "city_track", "mature_cohort"):
        assert contract.columns[dimension].required
        assert contract.columns[dimension].constant_per_unit
