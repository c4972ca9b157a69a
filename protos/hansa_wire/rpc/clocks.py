"""The time that each end of a call says it is, in metadata beside the call: for people, and no decision rests on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

CLOCK_METADATA = "hansa-clock"
"""Unix seconds in decimal digits."""

_MOST_DIGITS = 11  # until the year 5138


class Clocks(Protocol):
    """The own clock, and what is made of others'."""

    def now(self) -> datetime:
        """Naive UTC in whole seconds."""

    def heard(self, peer: str, says: datetime | None) -> None:
        """Take in what the peer's clock says at this moment; None: the peer does not say."""


@dataclass(slots=True)
class HeardClock:
    """What the clock of a call's other end said at the call's end, naive UTC; None: nothing so far."""

    says: datetime | None = None


def clock_metadata(now: datetime) -> tuple[tuple[str, str], ...]:
    """The metadata that tells `now`, naive UTC."""
    return ((CLOCK_METADATA, str(int(now.replace(tzinfo=UTC).timestamp()))),)


def clock_in(metadata: Iterable[Any] | None) -> datetime | None:
    """What the peer's clock said, naive UTC; None where there is nothing that can be read."""
    for key, value in metadata or ():
        if key == CLOCK_METADATA and isinstance(value, str) and value.isascii() and value.isdigit():
            return None if len(value) > _MOST_DIGITS else datetime.fromtimestamp(int(value), UTC).replace(tzinfo=None)
    return None
