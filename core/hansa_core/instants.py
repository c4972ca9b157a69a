"""Dates and instants as whole numbers since 1970-01-01, in UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta

EPOCH = datetime(1970, 1, 1)  # naive UTC, like every instant of Hansa
_EPOCH_DAY = EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


def days_of(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def date_of(days: int) -> date:
    """The inverse of `days_of`. Raises ValueError or OverflowError outside the years 1 to 9999."""
    return date.fromordinal(days + _EPOCH_DAY)


def microseconds_of(moment: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a datetime with a zone."""
    if moment.tzinfo is not None:
        raise ValueError("an instant must be naive UTC; it has a zone")
    return (moment - EPOCH) // _MICROSECOND


def instant_of_microseconds(count: int) -> datetime:
    """The inverse of `microseconds_of`. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=count)


def seconds_of(moment: datetime) -> int:
    """Seconds since 1970. Raises ValueError for a datetime with a zone or a fraction of a second."""
    if moment.tzinfo is not None or moment.microsecond:
        raise ValueError("an instant must be naive UTC in whole seconds")
    return (moment - EPOCH) // _SECOND


def instant_of_seconds(count: int) -> datetime:
    """The inverse of `seconds_of`. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(seconds=count)
