"""Things that expire, as parts of a process's health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from hansa_local.expiry import WARNED_DAYS, Expiring
from hansa_local.health import HealthPart, PartState

SOON = timedelta(days=WARNED_DAYS[0])
"""How long before it expires a thing is told of."""


def parts_of_expiry(things: Iterable[Expiring], now: datetime, *, expired: PartState) -> Iterator[HealthPart]:
    """Those that expire within 30 days or have expired, at `now` (naive UTC). `expired`: how the process is then."""
    for each in things:
        left = each.expires - now
        if left <= timedelta():
            yield HealthPart(name=each.what, state=expired, text=f"has expired, at {each.expires}Z", remedy=each.remedy)
        elif left <= SOON:
            text = f"expires in {left.days:,} days" if left.days > 1 else "expires within two days"
            yield HealthPart(
                name=each.what, state=PartState.WARNING, text=f"{text}, at {each.expires}Z", remedy=each.remedy
            )
