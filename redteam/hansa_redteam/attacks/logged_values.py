"""Hole found in peers' logs: suppressed values are printed there."""

from __future__ import annotations

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman
from hansa_redteam.attacks.homes import WARDS, marked, marks
from hansa_redteam.attacks.metadata import QUESTIONS
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.traces import traces
from hansa_redteam.strawmen.logged_cells import LoggedThreshold
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    for statement in QUESTIONS:
        attacker.ask(statement)
    log = stage.operator_log.read_bytes()
    texts = [*(f"Marked-{ward}" for ward in WARDS), *(f"{ward}-marked-home-0" for ward in WARDS)]
    found = set(traces(log, marks(), texts))
    told = f"{len(found)} marked values in {len(log.splitlines())} lines about {attacker.asked} questions"
    return AttackMeasure(success=len(found) / len(WARDS), told=told)


LOGGED_VALUES = Attack(
    key="P5",
    title="Suppressed values in logs",
    does="Reads the operator's log, down to its debug lines, for the suppressed sums, the names and the identifiers.",
    metric="marked values found, as a share of the suppressed cells",
    bound=0.0,
    setting=marked,
    measure=_measure,
    strawman=Strawman(
        lacks="logs about questions only: suppressed figures are logged",
        removals=(served_by(AnswersFromRows(rule=LoggedThreshold())),),
    ),
)
