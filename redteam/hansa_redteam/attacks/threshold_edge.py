"""Class 8, the edge of the threshold: cells with one contributor too few, who have many rows."""

from __future__ import annotations

from functools import cache

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import CITY, WARDS
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.town import CityRows, Town
from hansa_redteam.strawmen.counted_rows import UNITS_ARE_ROWS

_THRESHOLD = 10
_CONTRACT = f"""
contract: town.visits/1
title: Visits of people in a made-up town
unit: card
entity: card
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  card: {{type: text, meaning: whose card was shown, identifier: true, required: true}}
  ward: {{type: text, meaning: where to, required: true, domain: [{", ".join(WARDS)}]}}
"""
_MANIFEST = f"""
contract: town.visits/1
population: card holders
level: controlled
threshold: {_THRESHOLD}
tables: [{{name: by_ward, dimensions: [ward]}}]
source: {{format: csv, path: ../source/town.visits.csv}}
mapping: {{card: {{from: card}}, ward: {{from: ward}}}}
"""


@cache
def at_the_edge(profile: AttackProfile) -> Town:
    """Nine people in each ward, who came four times each: one person below the threshold, and far above it by rows."""
    rows = [(f"{ward}-{person}", ward) for ward in WARDS for person in range(_THRESHOLD - 1) for _ in range(4)]
    dataset = CityRows(manifest=_MANIFEST, columns=("card", "ward"), rows=rows)
    return Town(contracts={"town.visits/1": _CONTRACT}, cities={CITY: {"town.visits": dataset}})


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    counts = attacker.ask("SELECT ward, COUNT(*) AS n FROM town.visits GROUP BY ward").figures("ward", "n")
    shown = sum(counts.get(ward) is not None for ward in WARDS)
    return AttackMeasure(success=shown / len(WARDS), told=f"{shown} of {len(WARDS)} cells of nine people shown")


THRESHOLD_EDGE = Attack(
    key="8",
    title="Edge of the threshold",
    does="Asks for cells with one contributor fewer than the threshold, who have several rows each.",
    metric="share of such cells that are shown",
    bound=0.0,
    setting=at_the_edge,
    measure=_measure,
    strawman=Strawman(lacks="counting contributors and not their rows", removals=(UNITS_ARE_ROWS,)),
)
