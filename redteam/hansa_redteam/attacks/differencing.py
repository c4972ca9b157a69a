"""Class 1, differencing and trackers: two large sets of rows that differ in one."""

from __future__ import annotations

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, WARDS, accuracy, crowded
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.cell_rule import QuerySetThreshold
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

_LARGE = f"SELECT ward, COUNT(*) AS n FROM {CONTRACT} WHERE income > 500{{}} GROUP BY ward"


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    everybody = attacker.ask(_LARGE.format("")).figures("ward", "n")
    without_boats = attacker.ask(_LARGE.format(" AND kind <> 'boat'")).figures("ward", "n")
    guesses = [_difference(everybody.get(ward), without_boats.get(ward)) for ward in WARDS]
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} questions about {len(WARDS)} boats")


def _difference(more: int | None, fewer: int | None) -> int:
    return 0 if more is None or fewer is None else min(1, more - fewer)


DIFFERENCING = Attack(
    key="1",
    title="Differencing and trackers",
    does="Counts a large set of rows with and without one known home, and reads that home's secret off the difference.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=crowded,
    measure=_measure,
    strawman=Strawman(
        lacks="answering from declared published tables alone: any set of rows above the threshold is counted",
        removals=(served_by(AnswersFromRows(rule=QuerySetThreshold())),),
    ),
)
