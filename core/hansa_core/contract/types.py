"""The scalar types of the question language and the Python values that carry them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

Value = bool | int | float | str | date | datetime
"""A non-NULL value. NULL is None. A timestamp is a naive datetime in UTC."""

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1


class DataType(StrEnum):
    """What a column, literal or expression holds."""

    BOOLEAN = "boolean"
    INTEGER = "integer"  # int64; each overflow is NULL
    NUMBER = "number"  # IEEE 754 double; a result that is not finite is NULL
    TEXT = "text"  # Unicode, compared by code point
    DATE = "date"
    TIMESTAMP = "timestamp"  # UTC, microseconds

    @property
    def is_numeric(self) -> bool:
        return self in (DataType.INTEGER, DataType.NUMBER)

    @property
    def is_temporal(self) -> bool:
        return self in (DataType.DATE, DataType.TIMESTAMP)


class DatePart(StrEnum):
    """The calendar parts of `date_trunc`, `extract` and differences; `isodow` is 1 (Monday) to 7.

    `week`: from Monday; extracted, the ISO week. `isoyear`: the year of the ISO week. `doy`: the day of the year.
    `epoch_us`: microseconds since the start of 1970.
    """

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    ISODOW = "isodow"
    WEEK = "week"
    ISOYEAR = "isoyear"
    DOY = "doy"
    MINUTE = "minute"
    SECOND = "second"
    EPOCH_US = "epoch_us"

    @property
    def is_within_day(self) -> bool:
        """Whether only a timestamp has it."""
        return self in (DatePart.HOUR, DatePart.MINUTE, DatePart.SECOND)


KEY_PARTS = (DatePart.YEAR, DatePart.QUARTER, DatePart.MONTH, DatePart.DAY, DatePart.HOUR)
"""What a contract may declare as the finest part of a key: each is made of whole ones of the next."""

TRUNCATIONS = (*KEY_PARTS, DatePart.WEEK, DatePart.MINUTE, DatePart.SECOND)
"""What has a start, and boundaries between it and the next."""


def type_of_value(value: Value) -> DataType:
    """The type that carries `value`. Raises TypeError for anything that is no value of the language."""
    match value:
        case bool():
            return DataType.BOOLEAN
        case int():
            return DataType.INTEGER
        case float():
            return DataType.NUMBER
        case str():
            return DataType.TEXT
        case datetime():
            return DataType.TIMESTAMP
        case date():
            return DataType.DATE
        case _:
            raise TypeError(f"{type(value).__name__} is no value of the question language")
