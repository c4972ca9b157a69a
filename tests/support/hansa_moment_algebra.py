"""Moments of single cells in plain Python: their sums, ranges and values, to which code by column is held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hansa_core.contract.types import DataType
from hansa_core.instants import date_of, instant_of_microseconds
from hansa_core.plan.measure import MeasuredArgument
from hansa_core.plan.moments import HALF_BITS, Moment, MomentKind


def merge_moments(
    moments: Sequence[Moment], left: Sequence[int | None], right: Sequence[int | None]
) -> tuple[int | None, ...]:
    """Two cells as one: sums add up, MIN and MAX compare; a suppressed moment (None) suppresses the result."""
    return tuple(
        None if a is None or b is None else _merged(moment.kind, a, b)
        for moment, a, b in zip(moments, left, right, strict=True)
    )


def _merged(kind: MomentKind, a: int, b: int) -> int:
    match kind:
        case MomentKind.MIN:
            return min(a, b)
        case MomentKind.MAX:
            return max(a, b)
        case _:
            return a + b


def whole_of_halves(high: int, low: int) -> int:
    """The sum of the whole ones."""
    return (high << HALF_BITS) + low


def range_of_sum(measure: MeasuredArgument, count: int) -> tuple[int, int]:
    """The least and the greatest sum of quanta that `count` values of the measure can have."""
    return measure.lower * count, measure.upper * count


def moment_of(kind: DataType, whole: int) -> date:
    """The date or timestamp that `whole_of` made so many days or microseconds. `kind`: which of both."""
    return instant_of_microseconds(whole) if kind is DataType.TIMESTAMP else date_of(whole)
