"""Moments that no rows within the contract's bounds can have are found, cell by cell."""

from __future__ import annotations

import pytest

from hansa_core.contract.types import INT64_MAX
from hansa_core.partial.plausible import first_implausible
from hansa_core.plan.moments import Half, Moment, MomentKind, half_of, moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_moment_columns import one_cell
from hansa_strategies import TRIPS

PLAN = Plan(
    TRIPS.id,
    None,
    (),
    (
        Aggregate(AggregateFunction.VAR_SAMP, "stops"),
        Aggregate(AggregateFunction.CORR, "stops", None, "zone"),
        Aggregate(AggregateFunction.MIN, "stops"),
        Aggregate(AggregateFunction.HISTOGRAM, "duration"),
    ),
)
MOMENTS = moments_of(PLAN, TRIPS)
_PAIR = ("stops", None, "zone")

# Three rows: stops 1, 2, 6 beside zone 1, 2, 4; durations of 0, 30 and 600 minutes in quanta of 5.
HONEST: dict[Moment, int | None] = {
    Moment(MomentKind.COUNT, "stops"): 3,
    Moment(MomentKind.SUM, "stops"): 9,
    Moment(MomentKind.SQUARES, "stops"): 41,
    Moment(MomentKind.MIN, "stops"): 1,
    Moment(MomentKind.MEASURED, *_PAIR): 3,
    Moment(MomentKind.SUM, *_PAIR): 9,
    Moment(MomentKind.SUM, "zone", None, "stops"): 7,
    Moment(MomentKind.SQUARES, *_PAIR): 41,
    Moment(MomentKind.SQUARES, "zone", None, "stops"): 21,
    Moment(MomentKind.PRODUCTS, *_PAIR): 29,
    Moment(MomentKind.COUNT, "duration"): 3,
    Moment(MomentKind.BIN, "duration", bin=(0, 6)): 2,
    Moment(MomentKind.BIN, "duration", bin=(7, 120)): 1,
    Moment(MomentKind.BIN, "duration", bin=(0, 2)): 1,
    Moment(MomentKind.BIN, "duration", bin=(3, 6)): 1,
    Moment(MomentKind.BIN, "duration", bin=(7, 12)): 0,
    Moment(MomentKind.BIN, "duration", bin=(13, 120)): 1,
}


def broken(changes: dict[Moment, int | None]) -> str | None:
    return first_implausible(one_cell(HONEST | changes), TRIPS)


def test_honest_moments_pass() -> None:
    assert set(MOMENTS) == set(HONEST)
    assert broken({}) is None
    assert broken({Moment(MomentKind.BIN, "duration", bin=(0, 2)): None}) is None  # a suppressed bin


@pytest.mark.parametrize(
    "changes",
    [
        {Moment(MomentKind.SQUARES, "stops"): 26},  # a negative variance
        {Moment(MomentKind.SQUARES, "stops"): -1},
        {Moment(MomentKind.SQUARES, "stops"): 3 * 1000**2 + 1},
        {Moment(MomentKind.SQUARES, "stops"): None},
        {Moment(MomentKind.PRODUCTS, *_PAIR): 40},  # a correlation above 1
        {Moment(MomentKind.PRODUCTS, *_PAIR): 3 * 4000 + 1},
        {Moment(MomentKind.SUM, "zone", None, "stops"): 13},
        {Moment(MomentKind.MIN, "stops"): 1001},
        {Moment(MomentKind.MIN, "stops"): INT64_MAX},
        {Moment(MomentKind.BIN, "duration", bin=(0, 2)): 4},
        {Moment(MomentKind.BIN, "duration", bin=(0, 2)): -1},
        {Moment(MomentKind.BIN, "duration", bin=(0, 2)): 2},  # the fine bins pass their coarse one
        {Moment(MomentKind.BIN, "duration", bin=(7, 12)): 2, Moment(MomentKind.BIN, "duration", bin=(13, 120)): None},
    ],
)
def test_what_no_rows_can_have_is_found(changes: dict[Moment, int | None]) -> None:
    assert broken(changes) is not None


def test_over_no_value_an_extreme_is_its_nothing() -> None:
    none: dict[Moment, int | None] = {
        Moment(MomentKind.COUNT, "stops"): 0,
        Moment(MomentKind.SUM, "stops"): 0,
        Moment(MomentKind.SQUARES, "stops"): 0,
    }
    assert broken(none) is not None
    assert broken(none | {Moment(MomentKind.MIN, "stops"): INT64_MAX}) is None


def test_squares_in_halves_are_held_against_their_sum_as_well() -> None:
    plan = Plan(TRIPS.id, None, (), (Aggregate(AggregateFunction.VAR_SAMP, "odometer"),))
    moments = moments_of(plan, TRIPS)
    high, low = (Moment(MomentKind.SQUARES, "odometer", half=half) for half in (Half.HIGH, Half.LOW))
    honest: dict[Moment, int | None] = {
        Moment(MomentKind.COUNT, "odometer"): 2,
        Moment(MomentKind.SUM, "odometer"): 2 * 10**15,
        high: 2 * half_of(10**30, Half.HIGH),
        low: 2 * half_of(10**30, Half.LOW),
    }
    assert set(honest) == set(moments)
    assert first_implausible(one_cell(honest), TRIPS) is None
    less = 2 * half_of(10**30, Half.HIGH) - 1
    lies: tuple[dict[Moment, int | None], ...] = (
        {high: less},  # a negative variance
        {high: 2**63 + 1},
        {low: -1},
        {low: 2**65 - 1},
        {high: None},
        {low: None},
    )
    for lie in lies:
        assert first_implausible(one_cell(honest | lie), TRIPS) is not None
