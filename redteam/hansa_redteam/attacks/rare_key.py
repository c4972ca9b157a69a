"""Class 7, presence of a rare key: whether a cell has one contributor or none."""

from __future__ import annotations

from hansa_core.protection.threshold import Contributors, ThresholdRule
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, WARDS, accuracy, sparse
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.removal import Removal
from hansa_redteam.running.stage import AttackedLeague


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    counts = attacker.ask(f"SELECT ward, COUNT(*) AS n FROM {CONTRACT} GROUP BY ward").figures("ward", "n")
    guesses = [int(ward in counts and counts[ward] != 0) for ward in WARDS]
    if len(set(guesses)) == 1:  # all alike: nothing was told
        guesses = [0] * len(WARDS)
    return AttackMeasure(success=accuracy(guesses), told=f"one question about {len(WARDS)} wards")


_holds = ThresholdRule.holds


def _nobody_is_safe(rule: ThresholdRule, contributors: Contributors) -> bool:
    return contributors.units == 0 or _holds(rule, contributors)


RARE_KEY = Attack(
    key="7",
    title="Presence of a rare key",
    does="Looks which wards are shown as empty, and which are suppressed because somebody lives there.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=sparse,
    measure=_measure,
    strawman=Strawman(
        lacks="treating a cell of nobody as unsafe: its zero is shown",
        removals=(Removal("hansa_core.protection.threshold:ThresholdRule.holds", _nobody_is_safe),),
    ),
)
