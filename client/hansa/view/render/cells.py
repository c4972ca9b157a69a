"""One value as text: readable at a glance, and with nothing in it that a terminal obeys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hansa_core.printable import printable

SUPPRESSED = "·"
PARTIAL = "†"
NULL = "null"

_MOST_CHARACTERS = 1000  # of one value; a city may send a key of 64 MB, which would hold the terminal for hours
MOST_ROWS = 500
"""A prompt or page that shows more helps nobody; the values are all in the answer."""

_MOST_DECIMALS = 3  # what the analyst rounded to is shown as it is; beyond it, digits are noise


def cell_texts(values: Sequence[Any], *, measured: bool, null: str = NULL) -> list[str]:
    """The values of one column. Numbers from aggregates get thousands separators; keys, such as years, get none."""
    decimals = _decimals(value for value in values if isinstance(value, float))
    grouping = "," if measured else ""
    return [null if value is None else _text(value, decimals, grouping) for value in values]


def _text(value: Any, decimals: int, grouping: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return f"{value:{grouping}}"
        case float() if value != 0 and not 1e-4 <= abs(value) < 1e15:
            return f"{value:.4g}"
        case float():
            return f"{value:{grouping}.{decimals}f}"
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case list():
            return ", ".join(printable(_item(each)) for each in value)
        case _:
            return printable(_cut(str(value)))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}… ({len(text):,} characters)"


def _item(item: Any) -> str:
    """A bin of a histogram as `31 to 60: 12`; anything else as it is."""
    match item:
        case {"lower": lower, "upper": upper, "rows": rows}:
            return f"{lower} to {upper}: {rows}"
        case _:
            return str(item)


def _decimals(values: Iterable[float]) -> int:
    """One number of decimals for a whole column, so that its points stand under each other."""
    shown = [value for value in values if value == 0 or 1e-4 <= abs(value) < 1e15]
    needed = max((_decimals_of(value) for value in shown), default=0)
    if needed <= _MOST_DECIMALS:
        return needed
    least = min((abs(value) for value in shown if value), default=1.0)
    return 2 if least >= 1 else 4


def _decimals_of(value: float) -> int:
    digits = format(Decimal(repr(value)), "f").partition(".")[2].rstrip("0")
    return len(digits)
