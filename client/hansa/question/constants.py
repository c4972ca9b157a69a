"""Constants of the question language from Python values."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_core.plan.expression import Literal, literal

NULL = Literal(None, DataType.TEXT)
"""NULL, which takes its type from what it stands beside."""


def constant_of(value: object) -> Literal:
    """The literal that a Python value means: its type follows from the value. Raises RefusedError (`wrong_type`)."""
    # Subclasses, as numpy's floats, pandas' times and enums, become what they stand for: their own repr is no SQL.
    value = _plain(value)
    match value:
        case bool():
            return literal(value)
        case int() if INT64_MIN <= value <= INT64_MAX:
            return literal(int(value))
        case float() if math.isfinite(value):
            return literal(float(value))
        case Decimal() if value.is_finite():
            return _of_decimal(value)
        case str():
            return literal(str.__str__(value))
        case datetime() if value.tzinfo is None:
            return literal(datetime.combine(date(value.year, value.month, value.day), value.time()))
        case date() if not isinstance(value, datetime):
            return literal(date(value.year, value.month, value.day))
    raise RefusedError("wrong_type", *unfit(value), shown(repr(value)))


def is_missing(value: object) -> bool:
    """Whether it stands for no value: None, and what pandas calls so."""
    return value is None or type(value).__name__ in ("NaTType", "NAType")


def unfit(value: object) -> tuple[str, str]:
    """Why a value is no constant, and what to write instead."""
    match value:
        case int():
            return "an integer fits in 64 bits", "write it as a float"
        case float() | Decimal():
            return "a number is finite", "write lit(None) for NULL"
        case datetime():
            return "times are UTC and name no zone", "write moment.astimezone(timezone.utc).replace(tzinfo=None)"
        case None:
            return "nothing equals NULL", "write is_null() or is_not_null(), or lit(None)"
        case _:
            rule = f"{type(value).__name__} is no value of the question language"
            return rule, "use bool, int, float, str, date or datetime, as in int(x)"


def _plain(value: object) -> object:
    """A scalar of numpy as the Python value that it is; anything else as it came."""
    kind: Any = getattr(value, "dtype", None)
    if type(value).__module__ != "numpy" or kind is None or getattr(value, "ndim", None) != 0:
        return value
    scalar: Any = value
    plain: object = scalar.item()
    if kind.kind == "M" and isinstance(plain, int):  # finer than Python's own times
        plain = scalar.astype("datetime64[us]").item()
    return plain


def _of_decimal(value: Decimal) -> Literal:
    """A whole number as an integer, any other as the double that is exactly what it says, to the last digit."""
    if value == value.to_integral_value() and INT64_MIN <= value <= INT64_MAX:
        return literal(int(value))
    number = float(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        rule = "a number is a double, which has about 16 digits"
        raise RefusedError("wrong_type", rule, "write float(x), which is the nearest one", shown(repr(value)))
    return literal(number)
