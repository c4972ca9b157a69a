"""Which exact integers a plan needs, and how they add up."""

from __future__ import annotations

import json
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.quanta import row_values, value_of
from hansa_core.contract.types import INT64_MAX
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_core.plan.expression_document import expression_document
from hansa_core.plan.measure import measure_of
from hansa_core.plan.moments import Moment, MomentKind, moments_of, moments_of_aggregate
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_moment_algebra import merge_moments, range_of_sum
from hansa_strategies import TRIPS, plans

PAID = Column("paid")
MERGED = (Moment(MomentKind.COUNT, "fare"), Moment(MomentKind.MIN, "fare"), Moment(MomentKind.MAX, "fare"))
CELLS = st.lists(st.one_of(st.none(), st.integers(-(2**100), 2**100)), min_size=3, max_size=3)


def plan(*aggregates: Aggregate) -> Plan:
    return Plan(TRIPS.id, None, (), aggregates)


def test_sum_and_avg_share_one_sum_and_one_count() -> None:
    asked = plan(*(Aggregate(function, "fare") for function in (AggregateFunction.SUM, AggregateFunction.AVG)))
    assert moments_of(asked, TRIPS) == (Moment(MomentKind.COUNT, "fare"), Moment(MomentKind.SUM, "fare"))


def test_a_filter_makes_another_moment() -> None:
    aggregates = [Aggregate(AggregateFunction.COUNT_ROWS, None, where) for where in (None, PAID, PAID)]
    assert len(moments_of(plan(*aggregates), TRIPS)) == 2


def test_literals_of_two_types_make_two_moments() -> None:
    wheres = [Call(Op.GT, (Column("fare"), literal(value))) for value in (1, 1.0)]
    assert (
        len(moments_of(plan(*(Aggregate(AggregateFunction.COUNT_ROWS, None, where) for where in wheres)), TRIPS)) == 2
    )


@given(plans(), st.randoms(use_true_random=False))
def test_the_order_of_moments_depends_on_them_alone(asked: Plan, random: object) -> None:
    shuffled = list(asked.aggregates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    moments = moments_of(asked, TRIPS)
    assert moments == moments_of(Plan(asked.source, None, (), tuple(shuffled)), TRIPS)
    assert set(moments) == {
        moment for aggregate in asked.aggregates for moment in moments_of_aggregate(aggregate, TRIPS)
    }


@given(plans())
def test_moments_stand_in_the_order_of_their_json(asked: Plan) -> None:
    def as_json(moment: Moment) -> str:
        arguments = (moment.column, moment.second, moment.where)
        documents = [one if one is None or isinstance(one, str) else expression_document(one) for one in arguments]
        return json.dumps([moment.kind.value, moment.bin, *documents, moment.half, moment.limb], sort_keys=True)

    moments = moments_of(asked, TRIPS)
    assert list(moments) == sorted(moments, key=as_json)


@given(CELLS, CELLS, CELLS)
def test_merging_cells_is_associative_and_commutative(a: list[int], b: list[int], c: list[int]) -> None:
    assert merge_moments(MERGED, a, b) == merge_moments(MERGED, b, a)
    left = merge_moments(MERGED, merge_moments(MERGED, a, b), c)
    assert left == merge_moments(MERGED, a, merge_moments(MERGED, b, c))


def test_a_suppressed_moment_suppresses_the_sum() -> None:
    assert merge_moments(MERGED, (1, None, 3), (None, 2, 4)) == (None, None, 4)


def test_nothing_merges_in_without_a_trace() -> None:
    nothing = [moment.nothing for moment in MERGED]
    assert merge_moments(MERGED, nothing, (2, -5, 7)) == (2, -5, 7)


def test_the_range_of_a_sum_follows_from_the_columns_bounds() -> None:
    assert range_of_sum(measure_of("fare", TRIPS), 3) == (-1200, 12000)
    assert range_of_sum(measure_of("fare", TRIPS), 0) == (0, 0)


def test_quanta_stand_for_values() -> None:
    assert value_of(TRIPS.columns["fare"], 3) == 0.75
    assert value_of(TRIPS.columns["distance"], 1) == 0.1
    assert value_of(TRIPS.columns["duration"], 7) == 35
    assert value_of(TRIPS.columns["duration"], INT64_MAX) is None
    assert value_of(TRIPS.columns["fare"], None) is None
    assert value_of(TRIPS.columns["mode"], "bus") == "bus"
    assert TRIPS.columns["distance"].quantum == Fraction(1, 10)


def test_a_rows_values_keep_every_column() -> None:
    stored = dict.fromkeys(TRIPS.columns) | {"duration": 2}
    assert row_values(TRIPS, stored) == dict.fromkeys(TRIPS.columns) | {"duration": 10}
