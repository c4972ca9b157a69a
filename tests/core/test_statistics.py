"""Variances, correlations and lines from exact sums, held against numpy and scipy.

The values here are the doubles nearest to the exact ones, so every difference below is the other side's error: the
tolerances are relative, and per aggregate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from hansa_core.contract.types import INT64_MAX, INT64_MIN
from hansa_core.partial import statistics
from hansa_core.partial.exact import nearest_root
from hansa_core.partial.statistics import Doubles, PairSums, pair_statistic
from hansa_core.partial.wholes import Wholes
from hansa_core.plan.moments import Half, half_of, moments_of_aggregate
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_merged_cells import finish
from hansa_moment_algebra import whole_of_halves
from hansa_strategies import TRIPS

TOLERANCE = {
    AggregateFunction.VAR_SAMP: 1e-12,
    AggregateFunction.STDDEV_SAMP: 1e-12,
    AggregateFunction.COVAR_SAMP: 1e-9,  # products of both signs cancel in floats
    AggregateFunction.CORR: 1e-9,
    AggregateFunction.REGR_SLOPE: 1e-9,
    AggregateFunction.REGR_INTERCEPT: 1e-9,
    AggregateFunction.REGR_R2: 1e-9,
}
ONE = Fraction(1)
QUANTA = st.integers(-1000, 1000)
PAIRS = st.lists(st.tuples(QUANTA, QUANTA), min_size=3, max_size=50)


def column(*wholes: int) -> Wholes:
    return np.array(wholes, dtype=object)


def sums_of(pairs: Sequence[tuple[int, int]]) -> PairSums:
    return PairSums(
        count=column(len(pairs)),
        y=column(sum(y for y, _ in pairs)),
        x=column(sum(x for _, x in pairs)),
        xy=column(sum(x * y for y, x in pairs)),
        yy=column(sum(y * y for y, _ in pairs)),
        xx=column(sum(x * x for _, x in pairs)),
    )


def only(found: Doubles) -> float | None:
    (value,), (known,) = found
    return float(value) if known else None


def of_pairs(function: AggregateFunction, pairs: Sequence[tuple[int, int]]) -> float | None:
    return only(pair_statistic(function, sums_of(pairs), ONE, ONE))


def variance(values: Sequence[int], quantum: Fraction = ONE) -> float | None:
    squares = column(sum(value * value for value in values))
    return only(statistics.variance(column(sum(values)), squares, column(len(values)), quantum, root=False, less=1))


@given(st.lists(QUANTA, min_size=2, max_size=50))
def test_variance_and_deviation_are_those_of_numpy(values: list[int]) -> None:
    moments = [sum(values), sum(value * value for value in values), len(values)]
    expected = {
        AggregateFunction.VAR_SAMP: np.var(values, ddof=1),
        AggregateFunction.STDDEV_SAMP: np.std(values, ddof=1),
    }
    for function, value in expected.items():
        found = finish(Aggregate(function, "stops"), moments, TRIPS).value
        assert found == pytest.approx(value, rel=TOLERANCE[function], abs=1e-12)


BY_SCIPY: dict[AggregateFunction, Callable[[np.ndarray, np.ndarray], float]] = {
    AggregateFunction.COVAR_SAMP: lambda y, x: float(np.cov(y, x)[0, 1]),
    AggregateFunction.CORR: lambda y, x: float(stats.pearsonr(x, y).statistic),
    AggregateFunction.REGR_SLOPE: lambda y, x: float(stats.linregress(x, y).slope),
    AggregateFunction.REGR_INTERCEPT: lambda y, x: float(stats.linregress(x, y).intercept),
    AggregateFunction.REGR_R2: lambda y, x: float(stats.linregress(x, y).rvalue ** 2),
}


@pytest.mark.parametrize("function", BY_SCIPY)
@given(pairs=PAIRS)
def test_pairs_are_those_of_scipy(function: AggregateFunction, pairs: list[tuple[int, int]]) -> None:
    y, x = (np.array(side, float) for side in zip(*pairs, strict=True))
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    expected = BY_SCIPY[function](y, x)
    assert of_pairs(function, pairs) == pytest.approx(expected, rel=TOLERANCE[function], abs=1e-9)


def test_a_tiny_variance_far_from_zero_is_exact() -> None:
    """Where floats lose every digit: a billion and a thousandth of spread."""
    values = [10**12 + step for step in (0, 1, 2)]  # in thousandths
    assert variance(values, Fraction(1, 1000)) == 1e-6
    pairs = [(2 * value + 1, value) for value in values]
    assert of_pairs(AggregateFunction.REGR_SLOPE, pairs) == 2.0
    assert of_pairs(AggregateFunction.REGR_INTERCEPT, pairs) == 1.0
    assert of_pairs(AggregateFunction.CORR, pairs) == 1.0


@pytest.mark.parametrize("values", [[], [7]])
def test_below_two_values_there_is_no_variance(values: list[int]) -> None:
    assert variance(values) is None
    moments = [sum(values), sum(value**2 for value in values), len(values)]
    assert finish(Aggregate(AggregateFunction.STDDEV_SAMP, "fare"), moments, TRIPS).value is None


def test_a_constant_has_no_variance_at_all() -> None:
    assert variance([10**12] * 5) == 0
    assert finish(Aggregate(AggregateFunction.STDDEV_SAMP, "fare"), [15, 45, 5], TRIPS).value == 0.0


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], (None, None, None, None, None)),
        ([(3, 4)], (None, None, None, None, None)),
        ([(1, 5), (2, 5)], (0.0, None, None, None, None)),  # x constant
        ([(5, 1), (5, 2)], (0.0, None, 0.0, 5.0, 1.0)),  # y constant
        ([(1, 1), (3, 2)], (1.0, 1.0, 2.0, -1.0, 1.0)),
        ([(3, 1), (1, 2)], (-1.0, -1.0, -2.0, 5.0, 1.0)),
    ],
)
def test_where_a_statistic_is_undefined_it_is_null(
    pairs: list[tuple[int, int]], expected: tuple[float | None, ...]
) -> None:
    assert tuple(of_pairs(function, pairs) for function in BY_SCIPY) == expected


def test_statistics_come_in_the_columns_own_units() -> None:
    asked = Aggregate(AggregateFunction.REGR_SLOPE, "fare", None, "distance")  # quanta of a quarter over tenths
    sums = sums_of([(1, 1), (3, 2)])
    moments = [int(one[0]) for one in (sums.y, sums.x, sums.xy, sums.yy, sums.xx, sums.count) if one is not None]
    assert finish(asked, moments, TRIPS).value == 5.0


@given(st.fractions(min_value=0), st.integers(-400, 400))
def test_a_root_is_correctly_rounded(square: Fraction, scale: int) -> None:
    square *= Fraction(2) ** scale
    found = nearest_root(square.numerator, square.denominator)
    assert found is not None
    below, above = (Fraction(float(np.nextafter(found, to))) for to in (-np.inf, np.inf))
    low, high = (Fraction(found) + below) / 2, (Fraction(found) + above) / 2
    assert low <= 0 or low * low <= square
    assert square <= high * high


@given(st.lists(st.integers(INT64_MIN, INT64_MAX), min_size=2, max_size=30))
def test_a_variance_reaches_to_the_ends_of_64_bits_without_losing_a_bit(values: list[int]) -> None:
    """Squares of such a column pass 38 digits when they are added up, so they travel in halves."""
    asked = Aggregate(AggregateFunction.VAR_SAMP, "odometer")
    total, high, low, count = moments_of_aggregate(asked, TRIPS)
    assert (high.half, low.half) == (Half.HIGH, Half.LOW)
    sums = {
        total: sum(values),
        high: sum(half_of(value * value, Half.HIGH) for value in values),
        low: sum(half_of(value * value, Half.LOW) for value in values),
        count: len(values),
    }
    n = len(values)
    exact = Fraction(n * sum(value * value for value in values) - sum(values) ** 2, n * (n - 1))
    assert finish(asked, list(sums.values()), TRIPS).value == float(exact)


@given(st.lists(st.integers(-(2**126), 2**126), max_size=30))
def test_halves_add_up_to_the_whole(products: list[int]) -> None:
    high, low = (sum(half_of(product, half) for product in products) for half in (Half.HIGH, Half.LOW))
    assert whole_of_halves(high, low) == sum(products)
    assert abs(high) < 2**103
    assert 0 <= low < 2**103
