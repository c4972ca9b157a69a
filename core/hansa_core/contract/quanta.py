"""Values of expressions from stored whole quanta, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value
from hansa_core.instants import days_of, microseconds_of


def whole_of(value: date) -> int:
    """A date as days, a timestamp as microseconds, since the start of 1970: as MIN and MAX carry them."""
    return microseconds_of(value) if isinstance(value, datetime) else days_of(value)


def quantum_of(column: ContractColumn) -> Fraction:
    """The column's step; an identifier declares none and is stored in whole numbers."""
    return Fraction(1) if column.quantum is None else column.quantum


def value_of(column: ContractColumn, stored: Value | None) -> Value | None:
    """The value of what a dataset stores: numeric columns hold quanta, all others their value.

    With quantum p/q a number is the double (quanta·p)/q, both sides rounded once; an integer beyond int64 is NULL.
    """
    if stored is None or not column.type.is_numeric:
        return stored
    quantum = quantum_of(column)
    scaled = int(stored) * quantum.numerator  # type: ignore[arg-type]
    if column.type is DataType.NUMBER:
        return float(scaled) / float(quantum.denominator)
    return scaled if INT64_MIN <= scaled <= INT64_MAX else None


def row_values(contract: Contract, stored: Mapping[str, Value | None]) -> dict[str, Value | None]:
    """The values of a stored row, as `evaluate` wants them."""
    return {name: value_of(column, stored[name]) for name, column in contract.columns.items()}
