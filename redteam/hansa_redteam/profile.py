"""Profiles: how much of an attack is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackProfile:
    """`name`: as it is printed. `instances`: generated publications that are unpicked. `demo`: the demo's data too."""

    name: str
    instances: int
    demo: bool


QUICK = AttackProfile(name="quick", instances=10, demo=False)
FULL = AttackProfile(name="full", instances=1000, demo=True)
