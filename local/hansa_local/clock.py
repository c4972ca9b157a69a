"""What time is it? Naive UTC in whole seconds, as everything that is signed says it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's time."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)
