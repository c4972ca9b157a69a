"""Measures: the whole steps in which an argument is aggregated, and the range that it can have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import quantum_of, whole_of
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal
from hansa_core.plan.plan import Argument
from hansa_core.plan.typing import Columns, column_types, type_of

STEPS = 1_000_000
"""A computed number is aggregated in whole millionths, rounded half away from zero; beyond int64 of them it is NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredArgument:
    """What is aggregated, in whole quanta from `lower` to `upper`, both included."""

    type: DataType
    quantum: Fraction
    lower: int
    upper: int

    @property
    def reach(self) -> int:
        """The largest magnitude that one value can have, in quanta."""
        return max(abs(self.lower), abs(self.upper))


def measure_of(argument: Argument, contract: Contract) -> MeasuredArgument:
    """The measure behind a checked argument. A computed number reaches as far as int64, a date to the year 9999."""
    types = column_types(contract)
    kind = types[argument] if isinstance(argument, str) else type_of(argument, types)
    if kind.is_temporal:
        return _temporal(kind)
    if not isinstance(argument, str):
        step = Fraction(1, STEPS) if kind is DataType.NUMBER else Fraction(1)
        return MeasuredArgument(type=kind, quantum=step, lower=INT64_MIN, upper=INT64_MAX)
    column = contract.columns[argument]
    quantum = quantum_of(column)
    return MeasuredArgument(
        type=column.type,
        quantum=quantum,
        lower=INT64_MIN if column.lower is None else _steps(column.lower, quantum),
        upper=INT64_MAX if column.upper is None else -_steps(-column.upper, quantum),
    )


def _steps(bound: Fraction, quantum: Fraction) -> int:
    """floor(bound / quantum), without making the fraction."""
    return bound.numerator * quantum.denominator // (bound.denominator * quantum.numerator)


def in_quanta(computed: Expression, columns: Columns) -> Expression:
    """The whole steps of a computed argument, as an expression: one formula for every engine. A date stays one."""
    if type_of(computed, columns) is not DataType.NUMBER:
        return computed
    scaled = Call(Op.MUL, (computed, literal(float(STEPS))))
    return Call(Op.TRY_CAST, (scaled, Literal(DataType.INTEGER.value, DataType.TEXT)))


def _temporal(kind: DataType) -> MeasuredArgument:
    first, last = (date.min, date.max) if kind is DataType.DATE else (datetime.min, datetime.max)
    return MeasuredArgument(type=kind, quantum=Fraction(1), lower=whole_of(first), upper=whole_of(last))
