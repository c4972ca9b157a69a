"""Times of a log as text, and times that a person wrote, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from hansa_audit.folder.freshness import Freshness
from hansa_core.errors import ConfigError

_DURATION = re.compile(r"([1-9][0-9]{0,5})(m|h|d)", re.ASCII)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """Times from `since_unix_s` to `until_unix_s`, both included; None: no end on that side."""

    since_unix_s: int | None = None
    until_unix_s: int | None = None

    @classmethod
    def of(cls, since: str | None, until: str | None) -> TimeSpan:
        """As a person wrote it. Raises ConfigError."""
        return cls(
            since_unix_s=None if since is None else unix_time(since),
            until_unix_s=None if until is None else unix_time(until, end=True),
        )

    @property
    def is_limited(self) -> bool:
        """Whether it has an end: the report's page asks."""
        return self.since_unix_s is not None or self.until_unix_s is not None

    def admits(self, time_unix_s: int) -> bool:
        """Whether the time lies within."""
        return not (
            (self.since_unix_s is not None and time_unix_s < self.since_unix_s)
            or (self.until_unix_s is not None and time_unix_s > self.until_unix_s)
        )


def seconds_of(text: str) -> int:
    """A length of time such as `30m`, `12h` or `7d`. Raises ConfigError."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text} is no length of time; write 30m, 12h or 7d")
    return int(found[1]) * _SECONDS[found[2]]


def age_text(age_s: int) -> str:
    """A length of time in the largest unit that it fills."""
    for unit, seconds in (("year", 31_557_600), ("day", 86_400), ("hour", 3600), ("minute", 60)):
        if age_s >= seconds:
            number = age_s // seconds
            return f"{number} {unit if number == 1 else f'{unit}s'}"
    return "less than a minute"


def as_of_text(fresh: Freshness, now_unix_s: int) -> str:
    """For which time a log speaks, how long ago that is, and who says so."""
    age_s, as_of = fresh.age_s(now_unix_s), fresh.as_of_unix_s
    if age_s is None or as_of is None:
        return "of no known time: no witness saw it, and no entry of it can be read"
    if fresh.seen_at_unix_s is None:
        return f"{time_text(as_of)}, {age_text(age_s)} ago, by its newest entry; no witness says that it is the newest"
    return f"{time_text(as_of)}, {age_text(age_s)} ago, when a quorum of witnesses knew nothing newer"
