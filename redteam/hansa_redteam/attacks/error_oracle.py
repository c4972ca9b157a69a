"""Class 11, the error oracle: a question that fails where a row is, and does not where there is none."""

from __future__ import annotations

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, WARDS, accuracy, sparse
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker, AttackReply
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.raising_rows import raises_on_rows
from hansa_redteam.strawmen.rows_answering import served_by

# Each fails, in an engine that raises, for a row of the ward, and for no other row.
_PROBES = (
    "1 / (CASE WHEN ward = '{}' THEN 0 ELSE 1 END) > 0",
    "sqrt(CASE WHEN ward = '{}' THEN -1 ELSE 1 END) > 0",
    "TRY_CAST(CASE WHEN ward = '{}' THEN 'x' ELSE '1' END AS INTEGER) > 0",
    "(CASE WHEN ward = '{}' THEN 4000000000 ELSE 1 END) * 4000000000 > 0",
)


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    replies = {
        ward: attacker.ask(f"SELECT COUNT(*) AS n FROM {CONTRACT} WHERE {_PROBES[place % len(_PROBES)].format(ward)}")
        for place, ward in enumerate(WARDS)
    }
    guesses = [0] * len(WARDS)
    for probe in range(len(_PROBES)):  # only replies to one kind of probe are alike
        asked = range(probe, len(WARDS), len(_PROBES))
        outcomes = {_outcome(replies[WARDS[place]]) for place in asked}
        for place in asked:
            is_failure = _outcome(replies[WARDS[place]]) == "failed"
            guesses[place] = int(is_failure and len(outcomes) > 1)
    failed = sum(_outcome(reply) == "failed" for reply in replies.values())
    return AttackMeasure(success=accuracy(guesses), told=f"{len(replies)} probes, {failed} of which failed")


def _outcome(reply: AttackReply) -> str:
    """Refused by a rule, answered, or failed without either."""
    if reply.is_answered:
        return "answered"
    return "refused" if any(reply.refusals()) else "failed"


ERROR_ORACLE = Attack(
    key="11",
    title="Error oracle",
    does="Divides by zero, takes roots of negatives, miscasts and overflows for the rows of one ward, and sees which"
    " questions fail.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=sparse,
    measure=_measure,
    strawman=Strawman(
        lacks="total expressions: a row for which a condition has no value raises an error",
        removals=(served_by(raises_on_rows),),
    ),
)
