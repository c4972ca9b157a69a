"""Units of contracts and manifests: UCUM's codes as its own readers read them, plain words, and currencies."""

from __future__ import annotations

import csv
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from runpy import run_path

import pytest
from lark.exceptions import LarkError
from ucumvert import get_ucum_parser

from hansa_core.units.ucum import ucum_codes, ucum_unit
from hansa_core.units.ucum_table import ATOMS
from hansa_core.units.vocabulary import WORDS, loose_unit_of, quantity_of, unit_of

ROOT = Path(__file__).parents[2]
BROKEN = (
    "",
    "m2.",
    "2m",
    "m^2",
    "a/",
    "//m",
    "(m",
    "m)",
    "()",
    "m()",
    "Km",
    "k%",
    "010",
    "m--2",
    "m 2",
    "dayz",
    "kft",
    "[ft_i",
)


def _examples() -> list[str]:
    """The codes that UCUM's authors give as examples."""
    text = (files("ucumvert") / "vendor" / "ucum_examples.tsv").read_text(encoding="utf-8")
    return [code for _, code, *_ in list(csv.reader(text.splitlines(), delimiter="\t"))[1:]]


def _is_read(code: str) -> bool:
    try:
        ucum_unit(code)
    except ValueError:
        return False
    return True


def test_codes_are_read_that_another_reader_of_ucum_reads_and_no_others() -> None:
    other = get_ucum_parser()

    def reads(code: str) -> bool:
        try:
            other.parse(code)
        except LarkError:
            return False
        return True

    codes = [*_examples(), *ucum_codes(), *BROKEN]
    assert len(codes) > 1_000
    assert [code for code in codes if _is_read(code) != reads(code)] == []


def test_the_table_is_the_one_of_ucum_itself() -> None:
    recipe = run_path(str(ROOT / "tools" / "ucum_table.py"))
    assert recipe["TABLE"].read_text(encoding="utf-8") == recipe["table"]()
    assert len(ATOMS.strip().splitlines()) == 305


@pytest.mark.parametrize(
    ("code", "scale", "quantity"),
    [
        ("km/h", Fraction(5, 18), "speed"),
        ("[acr_us]", Fraction("62726400000/15499969"), "area"),
        ("kW.h", 3_600_000_000, "energy"),
        ("mm[Hg]", 133_322, "pressure"),
        ("10*3/uL", 10**12, "m-3"),
        ("ug/m3", Fraction(1, 10**6), "g.m-3"),
        ("{trips}", 1, "share"),
        ("MBy", 8_000_000, "share"),
    ],
)
def test_what_a_code_measures_is_exact(code: str, scale: Fraction, quantity: str) -> None:
    unit = unit_of(code)
    assert unit.scale == scale
    assert quantity_of(unit) == quantity


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_a_code_of_ucum(word: str) -> None:
    assert unit_of(word) == ucum_unit(WORDS[word])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("minuts", "minutes"),
        ("Minutes", "minutes"),
        ("Euro", "EUR"),
        ("€", "EUR"),
        ("°C", "celsius"),
        ("C", "celsius"),
        ("mph", "miles_per_hour"),
        ("ha", "hectares"),
        ("µg/m3", "ug/m3"),
        ("kWh", "kilowatt_hours"),
        ("trips", r"as \{trips\}"),
        ("kg CO2", "UCUM code"),
    ],
)
def test_a_unit_that_is_none_is_told_with_what_is_meant(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"is no unit; .*{meant}"):
        unit_of(name)


@pytest.mark.parametrize(
    ("name", "code"), [("mph", "[mi_i]/h"), ("Meter", "m"), ("°F", "[degF]"), ("m²", "m2"), ("C", "Cel")]
)
def test_a_city_writes_units_as_it_is_used_to(name: str, code: str) -> None:
    assert loose_unit_of(name) == ucum_unit(code)


def test_an_exponent_fills_no_memory() -> None:
    with pytest.raises(ValueError, match="no unit"):
        ucum_unit("10*999")
