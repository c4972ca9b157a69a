"""Class 20, subtraction: a suppressed bin is its parent less its siblings, and NULLs are all less the known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CITY, WARDS, accuracy, secret_bits
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.town import Cell, CityRows, Town
from hansa_redteam.strawmen.primary_only import PRIMARY_ONLY

_CONTRACT = f"""
contract: town.waits/1
title: Waits in a made-up town
unit: ticket
entity: ticket
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  ticket: {{type: text, meaning: its number, identifier: true, required: true}}
  ward: {{type: text, meaning: where, required: true, constant_per_unit: true, domain: [{", ".join(WARDS)}]}}
  minutes: {{type: integer, meaning: how long, unit: minutes, quantum: 1, lower: 0, upper: 100, bins: [[30, 60, 90]]}}
"""
_MANIFEST = """
contract: town.waits/1
population: tickets
level: controlled
threshold: 10
tables: [{name: by_ward, dimensions: [ward], bins: minutes}]
source: {format: csv, path: ../source/town.waits.csv}
mapping: {ticket: {from: ticket}, ward: {from: ward}, minutes: {from: minutes, unit: minutes}}
"""
_PER_BIN = 16


@cache
def waits(profile: AttackProfile) -> Town:
    """In each ward one bin, or in every second one the NULLs, holds one ticket or two: that is the secret."""
    rows: list[Sequence[Cell]] = []
    for place, (ward, bit) in enumerate(zip(WARDS, secret_bits(), strict=True)):
        minutes: list[int | None] = [10, 45, 75] * _PER_BIN
        minutes += [95 if place % 2 else None] * (1 + bit)
        minutes += [None if place % 2 else 95] * _PER_BIN
        rows += [(f"{ward}-{number}", ward, wait) for number, wait in enumerate(minutes)]
    columns = ("ticket", "ward", "minutes")
    return Town(
        contracts={"town.waits/1": _CONTRACT},
        cities={CITY: {"town.waits": CityRows(manifest=_MANIFEST, columns=columns, rows=rows)}},
    )


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """By arithmetic alone: every cell that a parent and its other children give."""
    attacker = Attacker(stage.league)
    reply = attacker.ask(
        "SELECT ward, COUNT(*) AS n, COUNT(*) FILTER (WHERE minutes IS NOT NULL) AS known,"
        " COUNT(*) FILTER (WHERE minutes IS NULL) AS nulls, COUNT(*) FILTER (WHERE minutes <= 30) AS b0,"
        " COUNT(*) FILTER (WHERE minutes > 30 AND minutes <= 60) AS b1,"
        " COUNT(*) FILTER (WHERE minutes > 60 AND minutes <= 90) AS b2,"
        " COUNT(*) FILTER (WHERE minutes > 90) AS b3 FROM town.waits GROUP BY ward"
    )
    rows = {row["ward"]: dict(row) for row in reply.rows}
    guesses = []
    for place, ward in enumerate(WARDS):
        figures = rows.get(ward, {})
        for _ in range(3):
            _solve(figures, "n", ("known", "nulls"))
            _solve(figures, "known", ("b0", "b1", "b2", "b3"))
        found = figures.get("b3" if place % 2 else "nulls")
        guesses.append(int(found is not None and found > 1))
    return AttackMeasure(success=accuracy(guesses), told=f"one question about the bins and NULLs of {len(WARDS)} wards")


def _solve(figures: dict[str, int | None], parent: str, children: Sequence[str]) -> None:
    """Fill in the one figure of a line that is missing, if one is."""
    parts = [figures.get(child) for child in children]
    whole = figures.get(parent)
    if parts.count(None) == 0:
        figures[parent] = sum(part for part in parts if part is not None)
    elif parts.count(None) == 1 and whole is not None:
        figures[children[parts.index(None)]] = whole - sum(part for part in parts if part is not None)


SUBTRACTION = Attack(
    key="20",
    title="Subtraction of siblings",
    does="Subtracts the shown bins of a row from its total, and the known values from all, for the one that is left.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=waits,
    measure=_measure,
    strawman=Strawman(
        lacks="secondary suppression: only cells that are unsafe by themselves are suppressed",
        removals=(PRIMARY_ONLY,),
    ),
)
