"""An attack: what it tries, on which league, how its success is measured, and the strawman that must fall to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.removal import Removal
from hansa_redteam.running.setting import Setting
from hansa_redteam.running.stage import AttackedLeague

FALLS_AT = 0.95  # what a strawman must lose for an attack to count as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Strawman:
    """A node without one defence. `lacks`: that defence, in words; `removals`: how the harness takes it away."""

    lacks: str
    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackMeasure:
    """How far an attack came: `success`, in the class's metric, and what it did, in words."""

    success: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One class of attacks.

    `key`: its number, or P and a number for a hole that was found in a peer. `does`: a plain sentence. `metric`: what
    `success` is; on a node it must not exceed `bound`, on the strawman it must reach `falls_at`.
    Each run has a league of its own, so that an attack may change it.
    """

    key: str
    title: str
    does: str
    metric: str
    bound: float
    strawman: Strawman
    setting: Callable[[AttackProfile], Setting]
    measure: Callable[[AttackedLeague, AttackProfile], AttackMeasure]
    falls_at: float = FALLS_AT


def guessing_bound(bits: int) -> float:
    """What guessing `bits` fair coins gives at most: half of them, and three standard deviations."""
    return 0.5 + 3 * sqrt(0.25 / bits)
