"""TRY_CAST: the closed list of conversions; what cannot be converted becomes NULL."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value

_B, _I, _N, _X, _D, _T = (
    DataType.BOOLEAN,
    DataType.INTEGER,
    DataType.NUMBER,
    DataType.TEXT,
    DataType.DATE,
    DataType.TIMESTAMP,
)
CASTS = frozenset(
    {(kind, kind) for kind in DataType}
    | {(_N, _I), (_I, _N), (_B, _I), (_D, _T), (_T, _D), (_I, _X), (_B, _X), (_D, _X)}
    | {(_X, target) for target in DataType}
)
"""The pairs (from, to) on offer."""

# Full matches; the engines share these patterns, since each library's own cast accepts something else besides.
NUMERIC_TEXT = r"-?[0-9]+(\.[0-9]+)?"
_YEAR = r"([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
DATE_TEXT = rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIMESTAMP_TEXT = rf"{DATE_TEXT}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,6}})?"

_NUMERIC, _DATE, _TIMESTAMP = (re.compile(text) for text in (NUMERIC_TEXT, DATE_TEXT, TIMESTAMP_TEXT))
_INT64_DIGITS = 19


def try_cast(value: Value, target: DataType) -> Value | None:
    """`value` as `target`, or None. The pair must be in CASTS."""
    match value, target:
        case str(), _:
            return _from_text(value, target)
        case bool(), DataType.TEXT:
            return str(value).lower()
        case int(), DataType.TEXT:
            return str(value)
        case date(), DataType.TEXT:
            return value.isoformat()
        case ((bool() | int()), DataType.INTEGER):
            return int(value)
        case int(), DataType.NUMBER:
            return float(value)
        case float(), DataType.INTEGER:
            return _int64(round_half_away(value))
        case datetime(), DataType.DATE:
            return value.date()
        case date(), DataType.TIMESTAMP:
            return midnight(value)
        case _:
            return value


def midnight(day: date) -> datetime:
    """The timestamp that a date stands for; a timestamp stays as it is."""
    return day if isinstance(day, datetime) else datetime.combine(day, time())


def round_half_away(value: float) -> int:
    """The nearest whole number of a finite double, halves away from zero."""
    whole = math.trunc(value)
    return whole if abs(value - whole) < 0.5 else whole + (1 if value > 0 else -1)


def _int64(value: int) -> int | None:
    return value if INT64_MIN <= value <= INT64_MAX else None


def _from_text(text: str, target: DataType) -> Value | None:
    match target:
        case DataType.INTEGER:
            return _integer_from_text(text)
        case DataType.NUMBER:
            number = float(text) if _NUMERIC.fullmatch(text) else math.nan
            return number + 0.0 if math.isfinite(number) else None  # + 0.0: there is one zero
        case DataType.BOOLEAN:
            return {"true": True, "false": False}.get(text)
        case DataType.DATE | DataType.TIMESTAMP:
            return _moment_from_text(text, target)
        case DataType.TEXT:
            return text


def _integer_from_text(text: str) -> int | None:
    """Rounded from the decimal digits themselves: a detour over a double would lose the last ones."""
    if not _NUMERIC.fullmatch(text):
        return None
    whole, _, fraction = text.removeprefix("-").partition(".")
    whole = whole.lstrip("0") or "0"
    if len(whole) > _INT64_DIGITS:
        return None
    magnitude = int(whole) + (1 if fraction[:1] >= "5" else 0)
    return _int64(-magnitude if text.startswith("-") else magnitude)


def _moment_from_text(text: str, target: DataType) -> date | None:
    pattern, parse = (_DATE, date.fromisoformat) if target is DataType.DATE else (_TIMESTAMP, datetime.fromisoformat)
    if not pattern.fullmatch(text):
        return None
    try:
        return parse(text)
    except ValueError:  # 30 February
        return None
