"""What counts in bins say about quantiles."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.measure_bins import Bin, level_bins
from hansa_core.partial.quantiles import Segment, contradict, quantile, segments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_merged_cells import finish
from hansa_strategies import TRIPS

ENDS = (0, 99)
COARSE: list[Bin] = [(0, 49), (50, 99)]
FINE: list[Bin] = [(0, 9), (10, 29), (30, 49), (50, 50), (51, 99)]
VALUES = st.lists(st.one_of(st.integers(0, 99), st.just(50)), max_size=40)
SHARES = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]), st.floats(0, 1))


def counts(values: list[int], hidden: frozenset[Bin] = frozenset()) -> dict[Bin, int | None]:
    return {
        held: None if held in hidden else sum(held[0] <= value <= held[1] for value in values)
        for held in (*COARSE, *FINE)
    }


@given(VALUES, st.frozensets(st.sampled_from([*COARSE, *FINE])))
def test_segments_are_true_whatever_is_suppressed(values: list[int], hidden: frozenset[Bin]) -> None:
    segments = segments_of(counts(values, hidden), ENDS, len(values))
    assert [segment.first for segment in segments] == [0, *(segment.last + 1 for segment in segments[:-1])]
    assert segments[-1].last == 99
    for segment in segments:
        assert segment.rows == sum(segment.first <= value <= segment.last for value in values)
    if not hidden:
        assert [(segment.first, segment.last) for segment in segments] == FINE


@given(VALUES, st.frozensets(st.sampled_from([*COARSE, *FINE])))
def test_a_suppressed_bin_is_never_found_by_subtraction(values: list[int], hidden: frozenset[Bin]) -> None:
    segments = segments_of(counts(values, hidden), ENDS, len(values))
    assert not hidden & {(segment.first, segment.last) for segment in segments}


def test_where_a_bin_is_suppressed_the_coarser_one_stands() -> None:
    segments = segments_of(counts([5, 15, 35], frozenset({(10, 29)})), ENDS, 3)
    assert segments == (Segment(0, 49, 3), Segment(50, 50, 0), Segment(51, 99, 0))
    assert segments_of(counts([5, 15, 35], frozenset({(10, 29), (0, 49)})), ENDS, 3) == (Segment(0, 99, 3),)


@given(VALUES, st.frozensets(st.sampled_from([*COARSE, *FINE])))
def test_true_counts_do_not_contradict(values: list[int], hidden: frozenset[Bin]) -> None:
    assert not contradict(counts(values, hidden), ENDS, len(values))


def test_counts_that_contradict_one_another_are_found() -> None:
    wrong = counts([5, 15, 60])
    wrong[(0, 49)] = 1
    assert contradict(wrong, ENDS, 3)
    assert contradict({(0, 49): 5, (50, 99): None}, ENDS, 3)


@given(VALUES.filter(bool), SHARES, st.frozensets(st.sampled_from([*COARSE, *FINE])))
def test_the_interval_holds_both_order_statistics_and_the_value(
    values: list[int], q: float, hidden: frozenset[Bin]
) -> None:
    found = quantile(counts(values, hidden), ENDS, len(values), q)
    assert found is not None
    place = Fraction(repr(q)) * (len(values) - 1)
    ordered = sorted(values)
    for rank in (math.floor(place), math.ceil(place)):
        assert found.lower <= ordered[rank] <= found.upper
    assert found.lower <= found.value <= found.upper
    # Rounded to the quantum, as numpy's own floats may fall a hair outside.
    assert found.lower <= round(float(np.quantile(values, q)), 6) <= found.upper
    published = ordered[min(math.floor(Fraction(repr(q)) * len(values)), len(values) - 1)]
    assert found.lower <= published <= found.upper  # x[⌊qn⌋], as some publishers take it


def test_ties_and_single_values_are_exact_in_a_bin_of_one() -> None:
    for q in (0.0, 0.5, 1.0):
        found = quantile(counts([50] * 7), ENDS, 7, q)
        assert found is not None
        assert {found.lower, found.value, found.upper} == {50}


def test_a_suppressed_bin_at_the_far_end_widens_nothing() -> None:
    hidden = frozenset({(50, 50), (51, 99)})
    found = quantile(counts([5, 15, 20, 35, 70], hidden), ENDS, 5, 0.5)
    assert found is not None
    assert (found.lower, found.upper) == (10, 29)
    above = quantile(counts([5, 15, 60, 70, 80], frozenset({(0, 9), (10, 29), (30, 49)})), ENDS, 5, 0.75)
    assert above is not None
    assert (above.lower, above.upper) == (51, 99)


def test_the_quantile_of_nothing_is_null() -> None:
    assert quantile(counts([]), ENDS, 0, 0.5) is None


def test_bins_are_half_open_in_the_columns_unit_and_closed_in_quanta() -> None:
    duration = TRIPS.columns["duration"]  # quanta of 5, cuts at 30 and at 10, 30, 60, bounds 0 to 600
    finest = duration.levels[-1]
    assert finest == ((0, 2), (3, 6), (7, 12), (13, 120))
    assert duration.all_bins == ((0, 6), (7, 120), *finest)
    assert level_bins((0, 120), Fraction(5), [Fraction(600), Fraction(10)]) == ((0, 2), (3, 120))


MEDIAN = Aggregate(AggregateFunction.QUANTILE_CONT, "duration", quantile=0.5)
HISTOGRAM = Aggregate(AggregateFunction.HISTOGRAM, "duration")
# (0, 6), (7, 120), then the four fine bins, then the count
SHOWN: list[int | None] = [3, 1, 1, 2, 0, 1, 4]


def test_a_median_comes_with_its_interval_in_the_columns_unit() -> None:
    found = finish(MEDIAN, SHOWN, TRIPS)
    assert found.interval == (15.0, 30.0)
    assert found.value == 22.5


def test_a_histogram_lists_its_bins() -> None:
    found = finish(HISTOGRAM, SHOWN, TRIPS).value
    assert found == (
        {"lower": 0, "upper": 10, "rows": 1},
        {"lower": 15, "upper": 30, "rows": 2},
        {"lower": 35, "upper": 60, "rows": 0},
        {"lower": 65, "upper": 600, "rows": 1},
    )


def test_a_suppressed_bin_leaves_the_coarser_one() -> None:
    found = finish(MEDIAN, [3, 1, None, None, 0, 1, 4], TRIPS)
    assert found.interval == (0.0, 30.0)
    assert not found.hidden


@pytest.mark.parametrize("aggregate", [MEDIAN, HISTOGRAM])
def test_nothing_is_told_when_every_bin_is_suppressed(aggregate: Aggregate) -> None:
    found = finish(aggregate, [None] * 6 + [4], TRIPS)
    assert (found.value, found.interval, found.hidden) == (None, None, True)
