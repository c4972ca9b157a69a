"""`hansa league draft-contract`: a contract for a file, in which people are warned of and their values kept out."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.level import Level
from hansa_league.cli import app
from hansa_league.drafting.contract_draft import ContractDraft, draft_contract
from hansa_local.yaml_file import yaml_value
from hansa_node.drafting.draft import draft_manifest
from hansa_node.ingest.ingest import ingest_dataset

ROWS = 120


def table(folder: Path, **columns: object) -> Path:
    """A CSV file; a column is a list of texts, or a function of the row's number."""
    path = folder / "trees.csv"
    lines = [";".join(columns)]
    for number in range(ROWS):
        lines.append(";".join(str(each(number) if callable(each) else each) for each in columns.values()))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def plain(folder: Path) -> Path:
    draw = random.Random(7)
    return table(
        folder,
        Nr=lambda number: f"B{number:05d}",
        Art=lambda number: ("Eiche", "Linde", "Ahorn")[number % 3],
        **{
            "Höhe (m)": lambda _: f"{draw.uniform(2, 31):.1f}".replace(".", ","),
            "Pflanzjahr": lambda number: 1950 + number % 70,
            "gepflanzt am": lambda number: f"{number % 28 + 1:02d}.{number % 12 + 1:02d}.1999",
            "geschützt": lambda number: ("ja", "nein")[number % 2],
            "Kosten €": lambda number: f"1.{number + 100},50 €",
        },
    )


def keys_of(draft: ContractDraft, name: str) -> dict[str, object]:
    return dict(next(column.keys for column in draft.columns if column.name == name))


def test_types_bounds_quanta_domains_and_units_are_proposed(tmp_path: Path) -> None:
    draft = draft_contract([plain(tmp_path)], "green.trees")
    contract = contract_from_document(yaml_value(draft.text("x").encode()))
    assert (str(contract.id), contract.unit, contract.least_level) == ("green.trees/1", "nr", Level.CONTROLLED)
    assert contract.columns["nr"].unique
    assert contract.columns["art"].domain == ("Ahorn", "Eiche", "Linde")
    assert keys_of(draft, "hoehe_m") | {"meaning": ""} == {
        "type": "number",
        "meaning": "",
        "unit": "m",
        "required": True,
        "quantum": 0.1,
        "lower": 0,
        "upper": 50,
    }
    assert keys_of(draft, "pflanzjahr")["domain"] == {"from": 1950, "to": 2019}
    assert keys_of(draft, "gepflanzt_am")["key_part"] == "month"
    assert keys_of(draft, "geschuetzt")["type"] == "boolean"
    assert (keys_of(draft, "kosten")["unit"], keys_of(draft, "kosten")["quantum"]) == ("EUR", 0.01)
    assert not draft.personal


def test_bounds_show_no_value_of_the_file(tmp_path: Path) -> None:
    draft = draft_contract(
        [table(tmp_path, id=lambda number: f"x{number}", salary=lambda number: 40_000 + 317 * number)], "a.b"
    )
    text = draft.text("x")
    assert keys_of(draft, "salary")["upper"] == 100_000
    assert str(40_000 + 317 * (ROWS - 1)) not in text


def test_what_was_drafted_from_a_file_takes_that_file(tmp_path: Path) -> None:
    path = plain(tmp_path)
    draft = draft_contract([path], "green.trees")
    contract = contract_from_document(yaml_value(draft.text("x").encode()))
    manifest = draft_manifest(contract, [path])
    assert manifest.doubts == 0, manifest.text([path.name], "x")
    written = tmp_path / "manifest.yaml"
    written.write_text(manifest.text([path.name], "x"), encoding="utf-8")
    assert ingest_dataset(written, contract, tmp_path / "data").rows_kept == ROWS


def _iban(number: int) -> str:
    account = f"37040044{number:010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def _tax_id(number: int) -> str:
    """Italy's number of a person has letters and a check letter: stdnum computes it."""
    from stdnum.it import codicefiscale

    stem = f"RSSMRA{50 + number % 40:02d}A{number % 28 + 1:02d}H501"
    return f"{stem}{codicefiscale.calc_check_digit(stem)}"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("Kontakt", lambda number: f"a{number}@example.org", "e-mail addresses, by its values"),
        ("x", lambda number: f"+49 451 {1_000_000 + number}", "telephone numbers, by its values"),
        ("x", _iban, "bank accounts, by its values"),
        ("x", _tax_id, "national numbers of people, by its values"),
        ("x", lambda number: f"Hauptstraße {number + 1}", "addresses, by its values"),
        ("x", lambda number: f"10.0.{number // 250}.{number % 250}", "IP addresses, by its values"),
        ("x", lambda number: f"HL-AB {number + 1}", "number plates, by its values"),
        (
            "x",
            lambda number: f"{('Anna', 'Bert', 'Carla')[number % 3]} {'M' + 'aeiouy'[number % 6] * (number // 6 + 1)}",
            "names of people, by its values",
        ),
        ("prénom", lambda number: f"A{number}", "names of people, by its name"),
        (unicodedata.normalize("NFD", "prénom"), lambda number: f"A{number}", "names of people, by its name"),
        ("Фамилия", lambda number: f"A{number}", "names of people, by its name"),
        ("Geburtsdatum", lambda number: f"1990-01-{number % 28 + 1:02d}", "dates of birth, by its name"),
        ("lat", lambda number: f"53.8{number:05d}", "positions, which may be those of homes, by its name"),
        (
            "note",
            lambda number: f"the {number}th owner asked us to call back some other day in autumn",
            "free text, which often names people",
        ),
    ],
)
def test_a_column_that_looks_personal_is_warned_of_and_left_out(
    tmp_path: Path, name: str, value: object, kind: str
) -> None:
    path = table(tmp_path, tree_no=lambda number: f"T{number}", **{name: value})
    draft = draft_contract([path], "a.b")
    (found,) = draft.personal
    assert found.personal == kind
    contract = contract_from_document(yaml_value(draft.text("x").encode()))
    # The number of a person is what the contract protects; anything else of people is left out.
    is_unit = kind.startswith("national numbers")
    assert (contract.unit, list(contract.columns)) == (("x", ["tree_no", "x"]) if is_unit else ("tree_no", ["tree_no"]))
    assert f"# PERSONAL: {kind}" in draft.text("x")
    rows = path.read_text(encoding="utf-8").splitlines()[1:]
    assert not any(row.partition(";")[2] in draft.text("x") for row in rows)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Art", lambda number: ("Eiche", "Linde")[number % 2]),
        ("day", lambda number: f"{number % 28 + 1:02d}.01.2024"),
        ("count", lambda number: 1_000_000 + number * 7),
        ("version", lambda number: f"1.{number}"),
    ],
)
def test_what_is_no_ones_is_not_warned_of(tmp_path: Path, name: str, value: object) -> None:
    assert not draft_contract([table(tmp_path, nr=lambda number: f"T{number}", **{name: value})], "a.b").personal


def test_the_number_of_a_person_is_the_unit_and_protected(tmp_path: Path) -> None:
    path = table(tmp_path, kundennr=lambda number: f"K{number % 40}", loans=lambda number: number % 5)
    draft = draft_contract([path], "a.b")
    contract = contract_from_document(yaml_value(draft.text("x").encode()))
    assert (contract.unit, contract.columns["kundennr"].names_people) == ("kundennr", True)
    assert contract.least_level is Level.CONTROLLED


def test_the_command_writes_a_contract_that_its_rules_admit(tmp_path: Path) -> None:
    out = tmp_path / "trees.yaml"
    arguments = ["draft-contract", str(plain(tmp_path)), "--name", "green.trees", "--out", str(out)]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    head = out.read_text(encoding="utf-8").splitlines()[0]
    rules = json.loads((tmp_path / head.removeprefix("# yaml-language-server: $schema=")).read_text(encoding="utf-8"))
    jsonschema_rs.validate(rules, yaml_value(out.read_bytes()))
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_rules_for_editors_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "contract.schema.json").symlink_to("/dev/full")
    out = tmp_path / "trees.yaml"
    told = CliRunner().invoke(app, ["draft-contract", str(plain(tmp_path)), "--out", str(out)])
    assert told.exit_code == 2
    assert "contract.schema.json: cannot be written (No space left on device)" in told.output
    assert not out.exists()


@pytest.mark.parametrize("named", [True, False])
def test_a_contract_that_is_there_is_told_of_before_the_file_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    there = "mine.yaml" if named else "town.no_such_file.1.yaml"
    (tmp_path / there).write_text("mine")
    told = CliRunner().invoke(app, ["draft-contract", "no_such_file.csv", *(["--out", there] if named else [])])
    assert (told.exit_code, "is there already" in told.output) == (2, True)


def test_spellings_of_a_word_are_one_value_and_codes_of_two_letters_are_several(tmp_path: Path) -> None:
    words = ("Ampel", "AMPEL", "ampel ", "Ampel", "Mu\u0308ll", "M\u00fcll")
    path = table(
        tmp_path,
        nr=lambda number: number,
        art=lambda number: "Anna" if number < 2 else words[number % len(words)],
        code=lambda number: "aA"[number % 2],
    )
    draft = draft_contract([path], None)
    assert keys_of(draft, "art")["domain"] == ["Ampel", "M\u00fcll"]
    assert keys_of(draft, "code")["domain"] == ["A", "a"]
