"""Circuit breaker of one city: opens after failures in a row and closes after one success."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Circuit(StrEnum):
    """CLOSED: calls pass. OPEN: none does. HALF_OPEN: one may pass, and what becomes of it decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """`failures`: how many in a row open the circuit. `first_open_s`, `longest_open_s`: it stays open that long at
    first, twice as long after each probe that fails, and never longer than that."""

    failures: int = 5
    first_open_s: float = 2.0
    longest_open_s: float = 30.0

    def __post_init__(self) -> None:
        if self.failures < 1:
            raise ValueError(f"failures is {self.failures}; below 1 no circuit could be closed")
        if not 0 < self.first_open_s <= self.longest_open_s:
            raise ValueError("first_open_s must be above 0 and at most longest_open_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One city's circuit. Every `now` is the same clock's, in seconds.

    `failures`: in a row. `trips`: how often it opened since it was closed last. `open_until`: None while it is closed.
    `probe_until`: a probe is under way, and is given up then.
    """

    rule: BreakerRule
    failures: int = 0
    trips: int = 0
    open_until: float | None = None
    probe_until: float | None = None

    def circuit(self, now: float) -> Circuit:
        """The state at `now`."""
        if self.open_until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now < self.open_until else Circuit.HALF_OPEN

    def permits(self, now: float) -> bool:
        """Whether a call may pass. Tell `asked` of it when it does."""
        if self.circuit(now) is not Circuit.HALF_OPEN:
            return self.open_until is None
        return self.probe_until is None or now >= self.probe_until

    def wait_s(self, now: float) -> float:
        """Seconds until a call may pass; 0: now."""
        until = max(self.open_until or now, self.probe_until or now)
        return max(0.0, until - now)

    def asked(self, now: float, deadline_s: float) -> Breaker:
        """After a call has been let pass: in a half-open circuit it is the probe, until it ends or is out of time."""
        return replace(self, probe_until=now + deadline_s) if self.circuit(now) is Circuit.HALF_OPEN else self

    def let_go(self) -> Breaker:
        """After a call that nobody waited for any more: it says nothing, and another one may be the probe."""
        return replace(self, probe_until=None)

    def succeeded(self) -> Breaker:
        """After the city has been heard, whatever it said."""
        return Breaker(rule=self.rule)

    def failed(self, now: float) -> Breaker:
        """After the city could not be reached."""
        failures = self.failures + 1
        if self.open_until is None and failures < self.rule.failures:
            return replace(self, failures=failures)
        if self.circuit(now) is Circuit.OPEN:
            return replace(self, failures=failures)  # a call from before it opened says nothing new
        open_s = min(self.rule.longest_open_s, self.rule.first_open_s * 2.0 ** min(self.trips, 32))
        return Breaker(rule=self.rule, failures=failures, trips=self.trips + 1, open_until=now + open_s)
