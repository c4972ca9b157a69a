"""Periods by which a stretch of time is counted: days, weeks, months or years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hansa_audit.languages.language import day_of

_MOST_PERIODS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """`word`: what one is called. `starts`: all, also those in which nothing was. `counts`: by start and outcome.

    `left_out`: how many were counted before the first that is shown.
    """

    word: str
    starts: tuple[date, ...]
    counts: Counter[tuple[date, str]]
    left_out: int

    def start_of(self, day: date) -> date:
        """The first day of the period in which a day lies."""
        return _start(self.word, day)


def periods_of(counted: Sequence[tuple[int, str]]) -> Periods:
    """The coarsest that still shows how things went. `counted`: time and outcome of each, at least one."""
    days = [day_of(time_unix_s) for time_unix_s, _ in counted]
    span = (max(days) - min(days)).days
    word = "day" if span < 32 else "week" if span < 190 else "month" if span < 1800 else "year"
    starts = [_start(word, min(days))]
    end = _start(word, max(days))
    while starts[-1] < end:
        starts.append(_start(word, starts[-1] + timedelta(days={"day": 1, "week": 7, "month": 31, "year": 366}[word])))
    shown = starts[-_MOST_PERIODS:]
    counts = Counter((_start(word, day), outcome) for day, (_, outcome) in zip(days, counted, strict=True))
    left_out = sum(number for (start, _), number in counts.items() if start < shown[0])
    return Periods(word=word, starts=tuple(shown), counts=counts, left_out=left_out)


def _start(word: str, day: date) -> date:
    match word:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case _:
            return day.replace(month=1, day=1)
