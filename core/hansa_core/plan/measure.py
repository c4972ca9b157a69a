"""Measures: the whole steps in which an argument is aggregated, and the range that it can have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.quanta import quantum_of, whole_of
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.double_range import DoubleRange, double_range
from hansa_core.plan.exact import ExactNode, exact_node
from hansa_core.plan.expression import Expression
from hansa_core.plan.limbs import MAX_LIMBS, limb_count
from hansa_core.plan.plan import Argument
from hansa_core.plan.typing import column_types, type_of

_LEAST_SCALED_GRAIN = -1022
"""Scaling by 2**-grain stays within the doubles down to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredArgument:
    """What is aggregated, in whole quanta from `lower` to `upper`, both included.

    A computed argument is `exact`, in whole numbers all along, or else the `doubles` of the language, each a whole
    multiple of a power of two.
    """

    type: DataType
    quantum: Fraction
    lower: int
    upper: int
    exact: ExactNode | None = None
    doubles: DoubleRange | None = None

    @property
    def reach(self) -> int:
        """The largest magnitude that one value can have, in quanta."""
        return max(abs(self.lower), abs(self.upper))

    @property
    def limbs(self) -> int:
        """How many limbs a value takes."""
        return limb_count(self.reach)

    @property
    def fits_int64(self) -> bool:
        """Whether every value is an integer of 64 bits."""
        return self.lower >= INT64_MIN and self.upper <= INT64_MAX

    @property
    def is_ordered_by_code(self) -> bool:
        """Whether MIN and MAX carry order codes of doubles: their quanta are too many to write down."""
        return self.doubles is not None and not self.fits_int64

    def check_summable(self, field: str) -> None:
        """Refuse (`no_bounds`) doubles whose exact sum would need more than MAX_LIMBS limbs, or could lose a row."""
        if self.doubles is None:
            return
        is_small = self.limbs <= MAX_LIMBS and self.doubles.grain >= _LEAST_SCALED_GRAIN
        if self.doubles.may_overflow or not is_small:
            raise RefusedError(
                "no_bounds",
                "a computed number is added up exactly, and the bounds of this one leave more than 248 bits open",
                "cast a text to BIGINT, divide less often, or bound x before you compute with it, as in "
                "round(CASE WHEN x IS NOT NULL THEN least(greatest(x, -1e9), 1e9) END * 100) / 100",
                field,
            )


def measure_of(argument: Argument, contract: Contract) -> MeasuredArgument:
    """The measure behind a checked argument; a date reaches to the year 9999."""
    if isinstance(argument, str):
        return _of_column(contract.columns[argument])
    kind = type_of(argument, column_types(contract))
    return _temporal(kind) if kind.is_temporal else _computed(argument, kind, contract)


def _of_column(column: ContractColumn) -> MeasuredArgument:
    if column.type.is_temporal:
        return _temporal(column.type)
    quantum = quantum_of(column)
    return MeasuredArgument(
        type=column.type,
        quantum=quantum,
        lower=INT64_MIN if column.lower is None else _steps(column.lower, quantum),
        upper=INT64_MAX if column.upper is None else -_steps(-column.upper, quantum),
    )


def is_rounded(argument: Argument, contract: Contract) -> bool:
    """Whether the values of a checked argument are rounded before anything is added up: a quotient, say."""
    if isinstance(argument, str) or not type_of(argument, column_types(contract)).is_numeric:
        return False
    return measure_of(argument, contract).doubles is not None


def _computed(computed: Expression, kind: DataType, contract: Contract) -> MeasuredArgument:
    exact = exact_node(computed, contract)
    if exact is not None:
        return MeasuredArgument(type=kind, quantum=exact.quantum, lower=exact.lower, upper=exact.upper, exact=exact)
    doubles = double_range(computed, contract).as_double()
    quantum = Fraction(2) ** doubles.grain
    return MeasuredArgument(
        type=doubles.type,
        quantum=quantum,
        lower=math.floor(doubles.lower / quantum),
        upper=math.ceil(doubles.upper / quantum),
        doubles=doubles,
    )


def _steps(bound: Fraction, quantum: Fraction) -> int:
    """floor(bound / quantum), without making the fraction."""
    return bound.numerator * quantum.denominator // (bound.denominator * quantum.numerator)


def _temporal(kind: DataType) -> MeasuredArgument:
    first, last = (date.min, date.max) if kind is DataType.DATE else (datetime.min, datetime.max)
    return MeasuredArgument(type=kind, quantum=Fraction(1), lower=whole_of(first), upper=whole_of(last))
