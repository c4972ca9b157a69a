"""Queries as an analyst signs them: a plan with purpose, expiry, nonce, league, addressed cities and asked level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hansa_core.contract.ids import MAX_NAME_LENGTH
from hansa_core.contract.level import Level
from hansa_core.plan.limits import MAX_CITIES
from hansa_core.plan.plan import Plan

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to the cities of a league.

    `cities`: sorted, without repeats, 1 to MAX_CITIES. `expires_at`: naive UTC, whole seconds.
    `level`: the level that the analyst insists on; None takes each city's own.
    """

    plan: Plan
    purpose: str
    league: str
    cities: tuple[str, ...]
    expires_at: datetime
    nonce: bytes
    level: Level | None = None

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError(f"nonce has {len(self.nonce)} bytes; it needs {NONCE_BYTES}")
        if not self.cities or list(self.cities) != sorted(set(self.cities)):
            raise ValueError("cities must be sorted, without repeats, and at least one")
        if len(self.cities) > MAX_CITIES or len(max(self.cities, key=len)) > MAX_NAME_LENGTH:
            raise ValueError(f"cities must be at most {MAX_CITIES:,}, of at most {MAX_NAME_LENGTH} characters each")
        if self.expires_at.tzinfo is not None or self.expires_at.microsecond:
            raise ValueError("expires_at must be naive UTC in whole seconds")
        for name in (self.purpose, self.league):
            if not 1 <= len(name) <= MAX_NAME_LENGTH:
                raise ValueError(f"purpose and league must be 1 to {MAX_NAME_LENGTH} characters")
