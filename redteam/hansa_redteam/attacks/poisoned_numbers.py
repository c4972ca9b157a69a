"""Class 12, poisoned numbers: one NaN, infinity or giant makes a sum tell that its row is in it."""

from __future__ import annotations

from functools import cache

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import CITY, WARDS
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker, AttackReply
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.town import CityRows, Town
from hansa_redteam.strawmen.raw_numbers import unbounded_numbers
from hansa_redteam.strawmen.rows_answering import served_by

_METERS = 24
_MOST = 1000
_POISONS = ("NaN", "inf", "-inf", "1e308", "-1e308")
_CONTRACT = f"""
contract: town.meters/1
title: Meters of a made-up town
unit: meter
entity: meter
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  meter: {{type: text, meaning: its number, identifier: true, required: true}}
  ward: {{type: text, meaning: where, required: true, constant_per_unit: true, domain: [{", ".join(WARDS)}]}}
  reading: {{type: number, meaning: its state, unit: "1", null_is_public: true, quantum: 0.5, lower: 0, upper: {_MOST}}}
"""
_MANIFEST = """
contract: town.meters/1
population: meters
level: controlled
threshold: 10
max_clipped_share: 1
max_rejected_share: 1
tables: [{name: by_ward, dimensions: [ward], measures: [reading]}]
source: {format: csv, path: ../source/town.meters.csv}
mapping: {meter: {from: meter}, ward: {from: ward}, reading: {from: reading, unit: "1"}}
"""


@cache
def poisoned(profile: AttackProfile) -> Town:
    """In each ward one of 24 meters shows what no meter shows."""
    rows = [
        (f"{ward}-{number}", ward, 200 + 10 * number if number else _POISONS[place % len(_POISONS)])
        for place, ward in enumerate(WARDS)
        for number in range(_METERS)
    ]
    dataset = CityRows(manifest=_MANIFEST, columns=("meter", "ward", "reading"), rows=rows)
    return Town(contracts={"town.meters/1": _CONTRACT}, cities={CITY: {"town.meters": dataset}})


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    told = sum(
        _tells(
            attacker.ask(
                f"SELECT ward, COUNT(*) AS n, SUM(reading) AS s FROM town.meters WHERE ward = '{ward}' GROUP BY ward"
            )
        )
        for ward in WARDS
    )
    return AttackMeasure(success=told / len(WARDS), told=f"{told} of {len(WARDS)} poisoned sums give themselves away")


def _tells(reply: AttackReply) -> bool:
    """Whether the answer fails, or no rows within the contract's bounds could have it."""
    if not reply.is_answered or not reply.rows:
        return True
    total = reply.figure("s")
    return total is not None and not 0 <= total <= _MOST * reply.figure("n")


POISONED_NUMBERS = Attack(
    key="12",
    title="NaN, infinities and giants",
    does="Looks for sums that fail, or lie beyond what the contract's bounds allow, because a row holds NaN, an"
    " infinity or 1e308.",
    metric="share of poisoned cells that give themselves away",
    bound=0.0,
    setting=poisoned,
    measure=_measure,
    strawman=Strawman(
        lacks="clipping numbers to the contract's bounds at ingest", removals=(served_by(unbounded_numbers),)
    ),
)
