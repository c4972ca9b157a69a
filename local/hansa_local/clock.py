"""The current time: naive UTC in whole seconds, as everything signed states it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's time."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)
