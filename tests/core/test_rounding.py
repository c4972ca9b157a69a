"""round(x, digits) inside the cities: the decimal that is nearest, by exact arithmetic, for every value of a column."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.quanta import quantum_of, row_values
from hansa_core.errors import RefusedError
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.exact import exact_node
from hansa_core.plan.expression import Column, Expression
from hansa_core.sql.split import parse_statement
from hansa_strategies import TRIP_TYPES, TRIPS

BLANK = dict.fromkeys(TRIPS.columns)


def rounded(call: str) -> Expression:
    (key,) = parse_statement(f"SELECT {call}, COUNT(*) FROM demo.trips GROUP BY 1", {TRIPS.id: TRIPS}, ["a"]).plan.keys
    return key


@given(
    data=st.data(), name=st.sampled_from(["fare", "distance", "lat", "stops", "duration"]), digits=st.integers(-4, 6)
)
def test_every_stored_value_is_rounded_as_its_decimal_is(data: st.DataObject, name: str, digits: int) -> None:
    column = TRIPS.columns[name]
    first, last = column.bounds
    steps = data.draw(st.one_of(st.integers(first, last), st.integers(max(first, -99), min(last, 99))))
    row = row_values(TRIPS, BLANK | {name: steps})
    exact = steps * quantum_of(column)
    sign, magnitude = (-1 if exact < 0 else 1), abs(exact) * Fraction(10) ** digits
    expected = sign * math.floor(magnitude + Fraction(1, 2)) / Fraction(10) ** digits
    found = evaluate(rounded(f"round({name}, {digits})"), row, TRIP_TYPES)
    assert found == float(expected)
    assert isinstance(found, int) == (name in ("stops", "duration"))


def test_a_half_is_that_of_the_decimal_and_not_of_its_double() -> None:
    """1.005 and 1.15 are a little less as doubles."""
    values = {"distance": 12, "lat": 1_005_000}
    row = row_values(TRIPS, BLANK | values)
    assert evaluate(rounded("round(lat, 2)"), row, TRIP_TYPES) == 1.01
    assert evaluate(rounded("round(distance * 0.5 + 0.55, 1)"), row, TRIP_TYPES) == 1.2


def test_a_number_without_more_digits_stays_as_it_is() -> None:
    assert rounded("round(fare, 2)") == Column("fare")
    assert rounded("round(stops, 3)") == Column("stops")


def test_the_sum_of_what_is_rounded_is_exact() -> None:
    assert exact_node(rounded("round(fare, 1)"), TRIPS) is not None


@pytest.mark.parametrize(
    ("call", "code", "rule"),
    [
        ("round(fare / zone, 2)", "unknown_function", "whole decimal steps"),
        ("round(sqrt(fare), 2)", "unknown_function", "whole decimal steps"),
        ("round(mode, 2)", "unknown_function", "whole decimal steps"),
        ("round(odometer, -2)", "unknown_function", "the bounds of odometer leave more steps open"),
        ("round(fare, 16)", "wrong_type", "a whole number of digits"),
        ("round(fare, stops)", "wrong_type", "a whole number of digits"),
        ("round(fare, '2')", "wrong_type", "a whole number of digits"),
    ],
)
def test_what_has_no_decimal_halves_is_refused_with_a_remedy(call: str, code: str, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        rounded(call)
    assert (refused.value.code, refused.value.field) == (code, call)
    assert rule in refused.value.rule
    assert refused.value.remedy
