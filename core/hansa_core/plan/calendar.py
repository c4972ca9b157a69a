"""Calendar parts of dates and timestamps: what `date_trunc` and `extract` mean."""

from __future__ import annotations

from datetime import date, datetime

from hansa_core.contract.types import DatePart


def truncate(part: DatePart, value: date) -> date:
    """The start of the year, quarter, month, day or hour that holds `value`; a date stays a date."""
    match part:
        case DatePart.YEAR:
            month, day = 1, 1
        case DatePart.QUARTER:
            month, day = 3 * ((value.month - 1) // 3) + 1, 1
        case DatePart.MONTH:
            month, day = value.month, 1
        case DatePart.DAY | DatePart.HOUR:
            month, day = value.month, value.day
        case DatePart.ISODOW:
            raise ValueError("a weekday has no start")
    if isinstance(value, datetime):
        return datetime(value.year, month, day, value.hour if part is DatePart.HOUR else 0)
    return date(value.year, month, day)


def extract(part: DatePart, value: date) -> int:
    """The number of the part; a plain date has no hour."""
    match part:
        case DatePart.YEAR:
            return value.year
        case DatePart.QUARTER:
            return (value.month - 1) // 3 + 1
        case DatePart.MONTH:
            return value.month
        case DatePart.DAY:
            return value.day
        case DatePart.HOUR:
            if not isinstance(value, datetime):
                raise TypeError("a date has no hour")
            return value.hour
        case DatePart.ISODOW:
            return value.isoweekday()
