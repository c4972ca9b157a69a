"""Calendar arithmetic of dates and timestamps: what `date_trunc`, `extract`, differences and intervals mean."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import DatePart

_DAY_US = 86_400 * 10**6
MICROSECONDS = {
    DatePart.SECOND: 10**6,
    DatePart.MINUTE: 60 * 10**6,
    DatePart.HOUR: 3600 * 10**6,
    DatePart.DAY: _DAY_US,
    DatePart.WEEK: 7 * _DAY_US,
}
"""The parts of one length."""

MONTHS = {DatePart.MONTH: 1, DatePart.QUARTER: 3, DatePart.YEAR: 12}
"""The parts that are whole months."""

_FIRST_MONTH, _LAST_MONTH = 12, 9999 * 12 + 11  # years 1 to 9999, counted as 12 · year + month - 1


def truncate(part: DatePart, value: date) -> date:
    """The start of the part that holds `value`; a date stays a date."""
    day = value.day
    match part:
        case DatePart.YEAR:
            month, day = 1, 1
        case DatePart.QUARTER:
            month, day = 3 * ((value.month - 1) // 3) + 1, 1
        case DatePart.MONTH:
            month, day = value.month, 1
        case DatePart.WEEK:
            monday = date(value.year, value.month, value.day) - timedelta(days=value.weekday())
            return datetime(monday.year, monday.month, monday.day) if isinstance(value, datetime) else monday
        case DatePart.DAY | DatePart.HOUR | DatePart.MINUTE | DatePart.SECOND:
            month = value.month
        case _:
            raise ValueError(f"{part} has no start")
    if not isinstance(value, datetime):
        return date(value.year, month, day)
    hour = value.hour if part.is_within_day else 0
    minute = value.minute if part in (DatePart.MINUTE, DatePart.SECOND) else 0
    return datetime(value.year, month, day, hour, minute, value.second if part is DatePart.SECOND else 0)


def extract(part: DatePart, value: date) -> int:
    """The number of the part; a plain date has no hour, minute or second."""
    match part:
        case DatePart.YEAR:
            return value.year
        case DatePart.QUARTER:
            return (value.month - 1) // 3 + 1
        case DatePart.MONTH:
            return value.month
        case DatePart.DAY:
            return value.day
        case DatePart.ISODOW:
            return value.isoweekday()
        case DatePart.WEEK:
            return value.isocalendar().week
        case DatePart.ISOYEAR:
            return value.isocalendar().year
        case DatePart.DOY:
            return value.timetuple().tm_yday
        case DatePart.EPOCH_US:
            return microseconds(value)
    if not isinstance(value, datetime):
        raise TypeError(f"a date has no {part}")
    return {DatePart.HOUR: value.hour, DatePart.MINUTE: value.minute, DatePart.SECOND: value.second}[part]


def microseconds(value: date) -> int:
    """Microseconds since the start of 1970; a date counts from its midnight."""
    return whole_of(value) if isinstance(value, datetime) else whole_of(value) * _DAY_US


def difference(part: DatePart, start: date, end: date) -> int:
    """How many boundaries of the part lie between the two; below 0 where `end` comes first."""
    if part in MONTHS:
        return _month(end) // MONTHS[part] - _month(start) // MONTHS[part]
    first, last = (microseconds(truncate(part, value)) for value in (start, end))
    return (last - first) // MICROSECONDS[part]


def shifted(part: DatePart, value: date, count: int) -> date | None:
    """So many parts later; the last day of a month that is too short. None outside the years 1 to 9999."""
    if part in MONTHS:
        month = _month(value) + count * MONTHS[part]
        if not _FIRST_MONTH <= month <= _LAST_MONTH:
            return None
        year, number = divmod(month, 12)
        return value.replace(year=year, month=number + 1, day=min(value.day, _days_in(year, number + 1)))
    try:
        return value + timedelta(microseconds=count * MICROSECONDS[part])
    except OverflowError:
        return None


def _month(value: date) -> int:
    return value.year * 12 + value.month - 1


def _days_in(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (date(year, month + 1, 1) - date(year, month, 1)).days
