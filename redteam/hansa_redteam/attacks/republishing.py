"""Class 19V, versions: a city publishes its tables again with a few more rows, and the difference is theirs."""

from __future__ import annotations

from hansa_core.contract.ids import ContractId
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CITY, CONTRACT, WARDS, accuracy, filled, with_newcomers
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.removal import Removal
from hansa_redteam.running.stage import AttackedLeague

_BY_WARD = f"SELECT ward, COUNT(*) AS n FROM {CONTRACT} GROUP BY ward"


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    before = attacker.ask(_BY_WARD).figures("ward", "n")
    is_published = stage.republish(CITY, ContractId(CONTRACT, 1), with_newcomers())
    after = attacker.ask(_BY_WARD).figures("ward", "n")
    guesses = [int(bool(before.get(ward)) and (after.get(ward) or 0) > before[ward]) for ward in WARDS]
    told = "published again" if is_published else "the city refused to publish again"
    return AttackMeasure(success=accuracy(guesses), told=f"counts of {len(WARDS)} wards before and after; {told}")


REPUBLISHING = Attack(
    key="19V",
    title="Versions of one table",
    does="Compares the counts of each ward before and after a newcomer moved into half of them.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=filled,
    measure=_measure,
    strawman=Strawman(
        lacks="keeping what is published as it is: tables are published anew with every row",
        removals=(Removal("hansa_node.ingest.ingest:check_unchanged", lambda *arguments: None),),
    ),
)
