"""Made-up homes in made-up wards: the data that most attacks are run on, and the secrets in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.town import Cell, CityRows, Town

WARDS = tuple(f"w{number:02d}" for number in range(64))
"""In each of them one fact is secret: a bit."""
OWN_WARDS = tuple(f"k{number:02d}" for number in range(32))
"""In each of them there is one home, which the attacker knows."""
CENTRE = "centre"
CITY, OTHER_CITY = "bremen", "hamburg"
_MARKED_HOMES = 8
_MOST, _MOST_MARKED = 1000, 10**9
CONTRACT = "town.homes"

_ALL_WARDS = (*WARDS, *OWN_WARDS, CENTRE)
_COLUMNS = ("home", "ward", "kind", "surname", "income")


def _contract(wards: Sequence[str], most: int) -> str:
    """The contract. `wards`: where homes may be. `most`: the upper bound of an income."""
    return f"""
contract: {CONTRACT}/1
title: Homes of a made-up town
unit: home
entity: home
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  home: {{type: text, meaning: its number, identifier: true, required: true}}
  ward: {{type: text, meaning: where, required: true, constant_per_unit: true, domain: [{", ".join(wards)}]}}
  kind: {{type: text, meaning: what it is, required: true, constant_per_unit: true, domain: [flat, house, boat]}}
  surname: {{type: text, meaning: who lives there}}
  income:
    {{type: integer, meaning: sum, unit: "1", required: true, quantum: 1, lower: 0, upper: {most}, bins: [[500]]}}
"""


def _manifest(measures: str = "") -> str:
    """The city's declaration. `measures`: those of the table by ward, as they stand in it."""
    return f"""
contract: {CONTRACT}/1
population: homes
level: controlled
threshold: 10
max_clipped_share: 1
tables:
  - {{name: whole, measures: [income]}}
  - {{name: by_ward, dimensions: [ward]{measures}}}
  - {{name: by_kind, dimensions: [kind], bins: income}}
source: {{format: csv, path: ../source/{CONTRACT}.csv}}
mapping:
  home: {{from: home}}
  ward: {{from: ward}}
  kind: {{from: kind}}
  surname: {{from: surname}}
  income: {{from: income, unit: "1"}}
"""


@cache
def secret_bits() -> tuple[int, ...]:
    """One for each of WARDS, half of them 1, so that whoever knows nothing is right about half of them."""
    bits = np.repeat((0, 1), len(WARDS) // 2)
    return tuple(int(bit) for bit in np.random.default_rng(20).permutation(bits))


def accuracy(guesses: Sequence[int]) -> float:
    """The share of the secret bits that were guessed."""
    return float(np.mean([guess == bit for guess, bit in zip(guesses, secret_bits(), strict=True)]))


@cache
def sparse(profile: AttackProfile) -> Town:
    """In each of WARDS there is one home, or none: that is the secret. Two hundred homes are in the centre."""
    places = [ward for ward, bit in zip(WARDS, secret_bits(), strict=True) if bit]
    places += [*OWN_WARDS, *[CENTRE] * 200]
    return _town({CITY: [_home(number, ward) for number, ward in enumerate(places)]})


@cache
def one_or_two(profile: AttackProfile) -> Town:
    """In each of WARDS there is one home, or two: that is the secret."""
    places = [*WARDS, *(ward for ward, bit in zip(WARDS, secret_bits(), strict=True) if bit)]
    places += [*OWN_WARDS, *[CENTRE] * 200]
    return _town({CITY: [_home(number, ward) for number, ward in enumerate(places)]})


@cache
def two_cities(profile: AttackProfile) -> Town:
    """As `sparse`, beside a city that has twenty homes in each ward, and tells them."""
    (first,) = sparse(profile).cities.values()
    return _town({CITY: first[CONTRACT].rows, OTHER_CITY: _twenty_homes()})


@cache
def crowded(profile: AttackProfile) -> Town:
    """In each of WARDS there are 24 homes on land and a boat: whether the boat has a large income is the secret."""
    rows: list[Sequence[Cell]] = []
    draw = np.random.default_rng(21)
    for ward, bit in zip(WARDS, secret_bits(), strict=True):
        for place in range(24):
            income = int(draw.integers(501, 900))
            rows.append((f"{ward}-{place}", ward, ("flat", "house")[place % 2], "Smith", income))
        rows.append((f"{ward}-boat", ward, "boat", f"Rare-{ward}", 950 if bit else 400))
    return _town({CITY: rows}, WARDS)


@cache
def filled(profile: AttackProfile) -> Town:
    """Twenty homes in each ward."""
    return _town({CITY: _twenty_homes()})


def with_newcomers() -> CityRows:
    """The same, and one home more in the wards whose secret bit is 1."""
    newcomers = [
        _home(10_000 + place, ward) for place, (ward, bit) in enumerate(zip(WARDS, secret_bits(), strict=True)) if bit
    ]
    return CityRows(manifest=_manifest(), columns=_COLUMNS, rows=[*_twenty_homes(), *newcomers])


def _twenty_homes() -> list[Sequence[Cell]]:
    return [_home(number, ward) for number, ward in enumerate(_ALL_WARDS * 20)]


@cache
def marked(profile: AttackProfile) -> Town:
    """In each of WARDS there are eight homes whose incomes add up to a number that stands nowhere else."""
    rows: list[Sequence[Cell]] = []
    for ward, mark in zip(WARDS, marks(), strict=True):
        parts = [mark // _MARKED_HOMES] * (_MARKED_HOMES - 1)
        incomes = [*parts, mark - sum(parts)]
        rows += [
            (f"{ward}-marked-home-{number}", ward, "flat", f"Marked-{ward}", income)
            for number, income in enumerate(incomes)
        ]
    rows += [(f"c{number}", CENTRE, ("flat", "house", "boat")[number % 3], "Smith", 700) for number in range(300)]
    return _town({CITY: rows}, (*WARDS, CENTRE), _MOST_MARKED, ", measures: [income]")


@cache
def marks() -> tuple[int, ...]:
    """The sum of incomes in each of WARDS: nine digits that occur by chance nowhere."""
    return tuple(int(mark) for mark in np.random.default_rng(22).integers(10**8, 9 * 10**8, len(WARDS)))


def _home(number: int, ward: str) -> Sequence[Cell]:
    return f"h{number}", ward, ("flat", "house", "boat")[number % 3], f"Name-{number}", 400 + 100 * (number % 4)


def _town(
    cities: dict[str, Sequence[Sequence[Cell]]],
    wards: Sequence[str] = _ALL_WARDS,
    most: int = _MOST,
    measures: str = "",
) -> Town:
    datasets = {
        city: {CONTRACT: CityRows(manifest=_manifest(measures), columns=_COLUMNS, rows=rows)}
        for city, rows in cities.items()
    }
    return Town(contracts={f"{CONTRACT}/1": _contract(wards, most)}, cities=datasets)
