"""Class 3, semantic averaging: the same question in many spellings, so that fresh noise averages out."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean

import numpy as np

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, OWN_WARDS, WARDS, accuracy, one_or_two
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.noise_rules import MEAN_NOISE, NoisePerSpelling
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

_SPELLINGS = 90


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    seen: dict[str, list[int]] = defaultdict(list)
    for condition in _conditions():
        statement = f"SELECT ward, COUNT(*) AS n FROM {CONTRACT} WHERE {condition} GROUP BY ward"
        for ward, count in attacker.ask(statement).figures("ward", "n").items():
            if count is not None:
                seen[ward].append(count)
    guesses = [int(bool(seen[ward]) and fmean(seen[ward]) - MEAN_NOISE > 3 / 2) for ward in WARDS]
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} spellings of one question")


def _conditions() -> list[str]:
    """Conditions that hold for every home in WARDS: reordered, doubly negated, IN for OR, and with others left out."""
    draw = np.random.default_rng(3)
    conditions = []
    for number in range(_SPELLINGS):
        left_out = sorted(str(ward) for ward in draw.choice(OWN_WARDS, 2 + number % 20, replace=False))
        listed = ", ".join(f"'{ward}'" for ward in left_out)
        apart = [f"ward <> '{ward}'" for ward in left_out]
        conditions.append(
            (
                f"ward NOT IN ({listed})",
                f"NOT (ward IN ({listed}))",
                " AND ".join(apart),
                f"NOT (NOT ({' AND '.join(reversed(apart))}))",
                f"NOT ({' OR '.join(f'ward = {each!r}' for each in left_out)})",
            )[number % 5]
        )
    return conditions


SEMANTIC_AVERAGING = Attack(
    key="3",
    title="Semantic averaging",
    does="Asks one question in 90 spellings that mean the same for the homes in question, and averages the answers.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=one_or_two,
    measure=_measure,
    strawman=Strawman(
        lacks="one protected publication for every spelling: each spelling gets noise of its own",
        removals=(served_by(AnswersFromRows(rule=NoisePerSpelling())),),
    ),
)
