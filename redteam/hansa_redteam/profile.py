"""Profiles: how much of an attack is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackProfile:
    """`name`: as it is printed. `instances`: generated publications that are unpicked. `demo`: the demo's data too.

    `replays`: of the instances, how many small ones are replayed through the algorithm itself.
    """

    name: str
    instances: int
    replays: int
    demo: bool


QUICK = AttackProfile(name="quick", instances=10, replays=4, demo=False)
FULL = AttackProfile(name="full", instances=1000, replays=60, demo=True)
