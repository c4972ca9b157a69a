"""From exact moments to values."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import INT64_MAX
from hansa_core.partial.finalise import aggregate_type
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_merged_cells import finish
from hansa_strategies import TRIPS

SUM, AVG = AggregateFunction.SUM, AggregateFunction.AVG
MIN, MAX = AggregateFunction.MIN, AggregateFunction.MAX


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate(AggregateFunction.COUNT_ROWS), pa.int64()),
        (Aggregate(AggregateFunction.COUNT, "remark"), pa.int64()),
        (Aggregate(AggregateFunction.COUNT_DISTINCT, "rider"), pa.int64()),
        (Aggregate(SUM, "stops"), pa.int64()),
        (Aggregate(SUM, "odometer"), pa.decimal128(38, 0)),
        (Aggregate(SUM, "fare"), pa.float64()),
        (Aggregate(AVG, "stops"), pa.float64()),
        (Aggregate(MIN, "day"), pa.date32()),
        (Aggregate(MAX, "started"), pa.timestamp("us")),
    ],
)
def test_an_aggregates_type_follows_from_its_column(aggregate: Aggregate, expected: pa.DataType) -> None:
    assert aggregate_type(aggregate, TRIPS) == expected


def test_a_count_is_its_moment() -> None:
    assert finish(Aggregate(AggregateFunction.COUNT_ROWS), [7], TRIPS).value == 7


def test_sums_come_in_the_columns_own_unit() -> None:
    assert finish(Aggregate(SUM, "duration"), [7, 2], TRIPS).value == 35
    assert finish(Aggregate(SUM, "distance"), [3, 2], TRIPS).value == 0.3
    assert isinstance(finish(Aggregate(SUM, "fare"), [4, 1], TRIPS).value, float)


@pytest.mark.parametrize("function", [SUM, AVG])
def test_a_sum_or_average_of_nothing_is_null(function: AggregateFunction) -> None:
    assert finish(Aggregate(function, "fare"), [0, 0], TRIPS).value is None


@given(st.integers(-(2**100), 2**100), st.integers(1, 2**40))
def test_an_average_is_the_double_nearest_to_the_exact_one(quanta: int, count: int) -> None:
    value = finish(Aggregate(AVG, "distance"), [quanta, count], TRIPS).value
    assert value == float(Fraction(quanta, 10 * count))


@given(st.dates())
def test_the_first_day_comes_back_as_a_date(day: date) -> None:
    assert finish(Aggregate(MIN, "day"), [whole_of(day), 1], TRIPS).value == day


@given(st.datetimes())
def test_the_last_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert finish(Aggregate(MAX, "started"), [whole_of(moment), 1], TRIPS).value == moment


@pytest.mark.parametrize("column", ["day", "started"])
def test_the_first_of_no_days_is_null(column: str) -> None:
    assert finish(Aggregate(MIN, column), [INT64_MAX, 0], TRIPS).value is None
