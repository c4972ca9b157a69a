"""hansa_core.plan.canonical: questions that are the same have one form and one hash; meaning never changes."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.types import DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import canonicalise, plan_hash, plan_json
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.limits import MAX_DEPTH
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.simplify import simplify
from hansa_core.plan.typing import type_of
from hansa_strategies import TRIP_TYPES, TRIPS, expressions, plans, rows

COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
SUM = Aggregate(AggregateFunction.SUM, "fare")
A, B, C = (Call(Op.IS_NULL, (Column(name),)) for name in ("day", "fare", "stops"))
STOPS, FARE, MODE = Column("stops"), Column("fare"), Column("mode")
ONE, TWO = literal(1), literal(2)
TRUE, FALSE = literal(True), literal(False)


def call(op: Op, *args: Expression) -> Call:
    return Call(op, args)


def plan_where(where: Expression | None) -> Plan:
    return Plan(TRIPS.id, where, (), (COUNT,))


@given(expressions(), st.lists(rows(), min_size=1, max_size=3))
def test_simplifying_preserves_every_value_to_the_bit(
    expression: Expression, several: list[dict[str, Value | None]]
) -> None:
    simple = simplify(expression)
    assert type_of(simple, TRIP_TYPES) is type_of(expression, TRIP_TYPES)
    for row in several:
        assert repr(evaluate(simple, row, TRIP_TYPES)) == repr(evaluate(expression, row, TRIP_TYPES))


@given(expressions(DataType.BOOLEAN, 6))
def test_simplifying_again_changes_nothing(expression: Expression) -> None:
    simple = simplify(expression)
    assert simplify(simple) == simple
    assert simplify(call(Op.NOT, call(Op.NOT, expression))) == simple


@given(plans())
def test_canonicalising_again_changes_nothing(plan: Plan) -> None:
    canonical = canonicalise(plan)
    assert canonicalise(canonical) == canonical
    assert plan_hash(plan) == plan_hash(canonical)


@given(st.lists(expressions(DataType.BOOLEAN, 3), min_size=2, max_size=4), st.data())
def test_the_order_of_conditions_keys_and_aggregates_does_not_matter(
    conditions: list[Expression], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(conditions))
    one = Plan(TRIPS.id, Call(Op.AND, tuple(conditions)), tuple(conditions), (COUNT, SUM))
    other = Plan(TRIPS.id, Call(Op.AND, tuple(shuffled)), tuple(shuffled), (SUM, COUNT, SUM))
    assert plan_hash(one) == plan_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (call(Op.AND, A, B, C), call(Op.AND, call(Op.AND, C, A), call(Op.AND, B, A))),
        (call(Op.NOT, call(Op.NOT, A)), A),
        (call(Op.NOT, call(Op.AND, A, B)), call(Op.OR, call(Op.NOT, B), call(Op.NOT, A))),
        (call(Op.NOT, call(Op.LT, STOPS, ONE)), call(Op.LE, ONE, STOPS)),
        (call(Op.IN, STOPS, TWO, ONE, TWO), call(Op.OR, call(Op.EQ, ONE, STOPS), call(Op.EQ, STOPS, TWO))),
        (call(Op.IN, STOPS, ONE), call(Op.EQ, ONE, STOPS)),
        (
            call(Op.OR, call(Op.IN, STOPS, ONE, TWO), A, call(Op.EQ, STOPS, ONE)),
            call(Op.OR, A, call(Op.IN, STOPS, TWO, ONE)),
        ),
        (
            call(Op.AND, call(Op.GE, STOPS, ONE), call(Op.LE, STOPS, TWO)),
            call(Op.AND, call(Op.GE, TWO, STOPS), call(Op.LE, ONE, STOPS)),
        ),
        (call(Op.LT, STOPS, FARE), call(Op.GT, FARE, STOPS)),
        (call(Op.GT, call(Op.ADD, STOPS, FARE), ONE), call(Op.LT, ONE, call(Op.ADD, FARE, STOPS))),
        (call(Op.GT, STOPS, call(Op.SUB, literal(3), TWO)), call(Op.GT, STOPS, ONE)),
        (call(Op.AND, A, TRUE), A),
        (call(Op.OR, A, FALSE), A),
        (call(Op.AND, A, FALSE), FALSE),
        (call(Op.OR, A, call(Op.EQ, ONE, ONE)), TRUE),
        (call(Op.EQ, FARE, literal(-0.0)), call(Op.EQ, FARE, literal(0.0))),
        (TRUE, None),
    ],
)
def test_questions_that_mean_the_same_share_a_hash(one: Expression, other: Expression | None) -> None:
    assert plan_hash(plan_where(one)) == plan_hash(plan_where(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (call(Op.EQ, STOPS, ONE), call(Op.EQ, STOPS, literal(1.0))),
        (call(Op.EQ, MODE, literal("1")), call(Op.EQ, MODE, literal("2"))),
        (call(Op.ADD, call(Op.ADD, FARE, ONE), TWO), call(Op.ADD, FARE, call(Op.ADD, ONE, TWO))),
        (call(Op.SUB, FARE, STOPS), call(Op.SUB, STOPS, FARE)),
        (call(Op.EQ, STOPS, Literal(None, DataType.INTEGER)), call(Op.IS_NULL, STOPS)),
        (
            call(Op.EQ, Column("day"), literal(datetime(2024, 1, 1))),
            call(Op.EQ, Column("day"), literal(datetime(2024, 1, 2))),
        ),
    ],
)
def test_questions_that_differ_keep_their_own_hash(one: Expression, other: Expression) -> None:
    def keyed(key: Expression) -> bytes:
        return plan_hash(Plan(TRIPS.id, None, (key,), (COUNT,)))

    assert keyed(one) != keyed(other)


def test_not_in_and_is_not_null_stay_as_they_are() -> None:
    not_in = call(Op.NOT, call(Op.IN, STOPS, ONE, TWO))
    not_null = call(Op.NOT, A)
    assert simplify(not_in) == not_in
    assert simplify(not_null) == not_null


def test_a_constant_that_has_no_value_becomes_a_null_of_its_type() -> None:
    assert simplify(call(Op.DIV, ONE, literal(0))) == Literal(None, DataType.NUMBER)


def test_equalities_with_literals_of_two_types_stay_well_typed() -> None:
    mixed = call(Op.OR, call(Op.EQ, FARE, ONE), call(Op.EQ, FARE, literal(2.5)), call(Op.EQ, FARE, TWO))
    simple = simplify(mixed)
    assert type_of(simple, TRIP_TYPES) is DataType.BOOLEAN
    assert set(simple.args) == {call(Op.IN, FARE, ONE, TWO), call(Op.EQ, FARE, literal(2.5))}  # type: ignore[union-attr]


def test_the_json_is_rfc_8785_and_keeps_every_digit() -> None:
    text = plan_json(plan_where(call(Op.GT, STOPS, literal(2**53 + 1))))
    assert text == (
        b'{"aggregates":[{"column":null,"function":"count_rows","where":null}],"keys":[],"source":"demo.trips/1",'
        b'"where":{"args":[{"column":"stops"},{"literal":"9007199254740993","type":"integer"}],"op":">"}}'
    )
    assert json.loads(text)["source"] == "demo.trips/1"


def test_the_hash_of_a_known_plan_does_not_move() -> None:
    plan = Plan(TRIPS.id, call(Op.IN, MODE, literal("bus"), literal("tram")), (Column("zone"),), (COUNT, SUM))
    assert plan_hash(plan).hex() == "8c47170cf560010adf9e957e58d5c12641fe86a8def83eccebb5094e8080e35b"


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 10_000])
def test_a_tower_is_refused_before_it_is_walked(levels: int) -> None:
    tower: Expression = A
    for _ in range(levels):
        tower = call(Op.NOT, tower)
    with pytest.raises(RefusedError) as refusal:
        plan_hash(plan_where(tower))
    assert refusal.value.code == "too_deep"


def test_the_highest_tower_that_is_allowed_survives() -> None:
    tower: Expression = Column("paid")
    for level in range(MAX_DEPTH - 1):
        tower = call(Op.NOT, tower) if level % 2 else call(Op.CASE, tower, tower if level < 2 else A, TRUE)
    canonical = canonicalise(plan_where(tower))
    assert canonicalise(canonical) == canonical
