"""Times of a log as text, and times that a person wrote, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hansa_core.errors import ConfigError


def time_text(time_unix_s: int) -> str:
    """Date and time in UTC; a number that no calendar has, as it is."""
    try:
        return datetime.fromtimestamp(time_unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{time_unix_s} s after 1970"


def unix_time(text: str, *, end: bool = False) -> int:
    """A day or an instant in UTC, `2026-05-01` or `2026-05-01T12:00:00`. `end`: a day means its last second.

    Raises ConfigError.
    """
    try:
        if len(text) == len("2026-05-01"):
            day = date.fromisoformat(text)
            at = datetime(day.year, day.month, day.day, 23 * end, 59 * end, 59 * end, tzinfo=UTC)
        else:
            read = datetime.fromisoformat(text)
            at = read.replace(tzinfo=UTC) if read.tzinfo is None else read
    except ValueError:
        raise ConfigError(f"{text} is no time; write 2026-05-01 or 2026-05-01T12:00:00 (UTC)") from None
    return int(at.timestamp())
