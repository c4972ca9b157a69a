"""Class 23, abuse of resources and grammar: questions that would keep a city busy, and bytes that are no question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations

import numpy as np

from hansa_core.contract.ids import ContractId
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import CITY
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.computations import counted_computations
from hansa_redteam.running.raw_calls import query_bytes, raw_caller
from hansa_redteam.running.removal import Removal
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.town import Cell, CityRows, Town

_KEYS = tuple(f"key{number}" for number in range(8))
_CONTRACT = """
contract: town.keys/1
title: Many keys of a made-up town
unit: row
entity: row
unit_scope: city
max_cities_per_unit: 1
least_level: open
columns:
  row: {type: text, meaning: its number, identifier: true, required: true}
  size: {type: integer, meaning: how large, unit: "1", quantum: 1, lower: 0, upper: 100000}
""" + "".join(
    f"  {key}: {{type: integer, meaning: a key, quantum: 1, lower: 0, upper: 99, domain: {{from: 0, to: 99}}}}\n"
    for key in _KEYS
)
_MANIFEST = """
contract: town.keys/1
population: rows
level: open
source: {format: csv, path: ../source/town.keys.csv}
mapping:
  row: {from: row}
  size: {from: size, unit: "1"}
""" + "".join(f"  {key}: {{from: {key}}}\n" for key in _KEYS)
_MALFORMED = 64


@cache
def many_keys(profile: AttackProfile) -> Town:
    """A few rows with eight keys of a hundred values each."""
    rows: list[Sequence[Cell]] = [(f"r{number}", number, *(number % 100 for _ in _KEYS)) for number in range(50)]
    dataset = CityRows(manifest=_MANIFEST, columns=("row", "size", *_KEYS), rows=rows)
    return Town(contracts={"town.keys/1": _CONTRACT}, cities={CITY: {"town.keys": dataset}})


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    costly = list(_costly())
    with counted_computations() as meter:
        for statement in costly:
            attacker.ask(statement)
        reached = meter.reached
        with raw_caller(stage) as caller:
            for payload in _malformed(query_bytes(stage, ContractId("town.keys", 1))):
                caller.send(payload)
    told = f"{reached} of {len(costly)} costly questions and {meter.reached - reached} of {_MALFORMED} malformed ones"
    return AttackMeasure(success=meter.reached / len(costly), told=f"{told} reached the data")


def _costly() -> Iterator[str]:
    """Each within the grammar and its limits of length, and far beyond what an answer is worth."""
    figures = ", ".join(f"SUM(size) FILTER (WHERE key0 > {number}) AS s{number}" for number in range(8))
    for keys in combinations(_KEYS, 4):
        listed = ", ".join(keys)
        yield f"SELECT {listed}, {figures} FROM town.keys GROUP BY CUBE ({listed})"


def _malformed(query: bytes) -> Iterator[bytes]:
    """A query cut short, or with foreign bytes behind it, or without its middle."""
    draw = np.random.default_rng(23)
    for number in range(_MALFORMED):
        at = int(draw.integers(1, len(query) - 1))
        noise = draw.bytes(16)
        yield (query[:at], query + noise, query[:at] + query[at + 8 :], query[:at] + noise + query[at:])[number % 4]


ABUSE = Attack(
    key="23",
    title="Abuse of resources and grammar",
    does="Asks for cubes over millions of cells, and sends signed bytes that are cut, prolonged or changed.",
    metric="questions that reached the data, as a share of the costly ones",
    bound=0.0,
    setting=many_keys,
    measure=_measure,
    strawman=Strawman(
        lacks="a bound on the static cost of a question",
        removals=(Removal("hansa_node.answering.bound:check_cost", lambda cost: None),),
    ),
)
