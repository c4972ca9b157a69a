"""Class 5, reconstruction by linear programming: many random sums, solved for what they are sums of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, WARDS, accuracy, sparse
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.noise_rules import NoisyQuerySets
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

_SUBSETS = 208
_AT_ONCE = 16


def _measure(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    subsets = np.random.default_rng(5).integers(0, 2, (_SUBSETS, len(WARDS)))
    answers: list[int | None] = []
    for start in range(0, _SUBSETS, _AT_ONCE):
        counts = [
            f"COUNT(*) FILTER (WHERE ward IN ({_listed(subset)})) AS n{place}"
            for place, subset in enumerate(subsets[start : start + _AT_ONCE])
        ]
        reply = attacker.ask(f"SELECT {', '.join(counts)} FROM {CONTRACT}")
        answers += [reply.figure(f"n{place}") for place in range(_AT_ONCE)]
    known = [place for place, answer in enumerate(answers) if answer is not None]
    told = f"{_SUBSETS} random sets of wards, {len(known)} of them answered"
    if not known:
        return AttackMeasure(success=accuracy([0] * len(WARDS)), told=told)
    bits = _decoded(subsets[known], np.array([answers[place] for place in known], dtype=float))
    return AttackMeasure(success=accuracy(bits), told=told)


def _listed(subset: npt.NDArray[np.int64]) -> str:
    return ", ".join(f"'{ward}'" for ward, taken in zip(WARDS, subset, strict=True) if taken)


def _decoded(subsets: npt.NDArray[np.int64], answers: npt.NDArray[np.float64]) -> list[int]:
    """The bits whose sums are nearest to the answers, in the sum of absolute errors (Dinur and Nissim 2003)."""
    asked, bits = subsets.shape
    errors = np.eye(asked)
    solved = linprog(
        np.concatenate([np.zeros(bits), np.ones(asked)]),
        A_ub=np.block([[subsets, -errors], [-subsets, -errors]]),
        b_ub=np.concatenate([answers, -answers]),
        bounds=[(0, 1)] * bits + [(0, None)] * asked,
    )
    return [int(value > 1 / 2) for value in solved.x[:bits]]


LINEAR_RECONSTRUCTION = Attack(
    key="5",
    title="Reconstruction by linear programming",
    does="Asks for the counts of 208 random sets of wards and solves for which wards have a home.",
    metric="share of secret bits guessed",
    bound=guessing_bound(len(WARDS)),
    setting=sparse,
    measure=_measure,
    strawman=Strawman(
        lacks="suppressing a union that contains a suppressed cell: it is counted, with noise of at most 1",
        removals=(served_by(AnswersFromRows(rule=NoisyQuerySets())),),
    ),
)
