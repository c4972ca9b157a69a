"""hansa_core.plan.check: what may be asked at which level, and refusals that help."""

from __future__ import annotations

import pytest
from hypothesis import given

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.check import check_plan
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.limits import MAX_AGGREGATES, MAX_DEPTH, MAX_KEYS, MAX_NODES
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_strategies import TRIPS, plans

COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
PAID, DISTANCE, DURATION = Column("paid"), Column("distance"), Column("duration")


def call(op: Op, *args: Expression) -> Call:
    return Call(op, args)


def asked(*keys: Expression, where: Expression | None = None, aggregates: tuple[Aggregate, ...] = (COUNT,)) -> Plan:
    return Plan(TRIPS.id, where, keys, aggregates)


def refusal_of(plan: Plan, level: Level = Level.CONTROLLED) -> RefusedError:
    with pytest.raises(RefusedError) as refusal:
        check_plan(plan, TRIPS, level)
    assert refusal.value.rule
    assert refusal.value.remedy
    return refusal.value


@given(plans(totals=True))
def test_generated_plans_pass_at_open(plan: Plan) -> None:
    check_plan(plan, TRIPS, Level.OPEN)


def test_a_question_about_another_contract_is_refused() -> None:
    plan = Plan(ContractId("demo.trips", 2), None, (), (COUNT,))
    assert refusal_of(plan).code == "unknown_contract"


@pytest.mark.parametrize(
    "key",
    [
        Column("mode"),
        Column("line"),
        PAID,
        Column("zone"),
        call(Op.CASE, call(Op.EQ, Column("mode"), literal("tram")), literal("rail"), literal("road")),
        call(Op.BIN, Column("zone"), literal(2)),
        call(Op.BIN, Column("stops"), literal(5)),
        call(Op.BIN, Column("stops"), literal(50)),
        call(Op.BIN, Column("fare"), literal(1.5)),
        call(Op.BIN, Column("fare"), literal(2)),
        call(Op.DATE_TRUNC, literal("month"), Column("day")),
        call(Op.EXTRACT, literal("quarter"), Column("day")),
        call(Op.DATE_TRUNC, literal("hour"), Column("started")),
        call(Op.EXTRACT, literal("isodow"), Column("started")),
        call(Op.CASE, call(Op.LE, DURATION, literal(30)), literal("quick"), literal("slow")),
        call(Op.GT, literal(30), DISTANCE),
        literal(1),
    ],
)
def test_keys_with_public_values_pass_below_open(key: Expression) -> None:
    check_plan(asked(key), TRIPS, Level.CONTROLLED)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        (Column("remark"), "mode"),
        (Column("stops"), "bin(stops, 5)"),
        (call(Op.ADD, Column("stops"), literal(5)), "bin(stops, 5)"),
        (call(Op.BIN, Column("stops"), literal(7)), "bin(stops, 5)"),
        (call(Op.BIN, Column("stops"), literal(2.5)), "bin(stops, 5)"),
        (call(Op.BIN, call(Op.MUL, Column("stops"), literal(100)), literal(5)), "bin(stops, 5)"),
        (call(Op.BIN, Column("fare"), literal(0.75)), "bin(fare, 0.5)"),
        (Column("day"), "date_trunc('month', day)"),
        (call(Op.DATE_TRUNC, literal("day"), Column("day")), "date_trunc('month', day)"),
        (call(Op.EXTRACT, literal("isodow"), Column("day")), "date_trunc('month', day)"),
        (call(Op.EQ, Column("day"), Column("day")), "date_trunc('month', day)"),
        (Column("started"), "date_trunc('hour', started)"),
        (DURATION, "duration <= 30"),
        (call(Op.EQ, DURATION, DISTANCE), "duration <= 30"),
        (call(Op.LE, call(Op.MUL, DURATION, literal(7)), literal(30)), "duration <= 30"),
        (call(Op.IS_NULL, DURATION), "duration <= 30"),
        (call(Op.GRID, Column("lat"), Column("lon"), literal(500)), "mode"),
    ],
)
def test_any_finer_key_is_refused_with_one_that_passes(key: Expression, remedy: str) -> None:
    found = refusal_of(asked(Column("mode"), key))
    assert (found.code, found.field) == ("not_a_key", "keys[1]")
    assert remedy in found.remedy
    check_plan(asked(Column("mode"), key), TRIPS, Level.OPEN)


def test_an_identifier_is_no_key_below_open() -> None:
    assert refusal_of(asked(Column("rider"))).code == "identifier"
    assert refusal_of(asked(call(Op.EQ, Column("ticket"), literal("7")))).code == "identifier"
    check_plan(asked(Column("rider")), TRIPS, Level.OPEN)


def test_an_identifier_is_no_filter_below_open() -> None:
    chosen = call(Op.AND, PAID, call(Op.EQ, Column("rider"), literal("r1")))
    per_aggregate = Aggregate(AggregateFunction.COUNT_ROWS, None, chosen)
    assert (refusal_of(asked(where=chosen)).code, refusal_of(asked(where=chosen)).field) == ("identifier", "where")
    assert refusal_of(asked(aggregates=(COUNT, per_aggregate))).field == "aggregates[1].where"
    check_plan(asked(where=chosen), TRIPS, Level.OPEN)


def test_an_identifier_is_counted_as_the_unit_only() -> None:
    counted = asked(aggregates=(Aggregate(AggregateFunction.COUNT, "ticket"),))
    distinct = asked(aggregates=(Aggregate(AggregateFunction.COUNT_DISTINCT, "rider"),))
    assert refusal_of(counted).code == "identifier"
    check_plan(distinct, TRIPS, Level.CONTROLLED)


@pytest.mark.produces("not_a_unit")
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("column", ["mode", "ticket", "duration"])
def test_distinct_counts_of_anything_but_the_unit_are_refused(column: str, level: Level) -> None:
    found = refusal_of(asked(aggregates=(Aggregate(AggregateFunction.COUNT_DISTINCT, column),)), level)
    assert (found.code, found.field) == ("not_a_unit", "aggregates[0].column")
    assert "COUNT(DISTINCT rider)" in found.remedy


def test_the_first_and_last_day_are_one_rows_own_value() -> None:
    first_day = asked(aggregates=(Aggregate(AggregateFunction.MIN, "day"),))
    check_plan(first_day, TRIPS, Level.OPEN)
    assert refusal_of(first_day).code == "not_published"
    of_text = asked(aggregates=(Aggregate(AggregateFunction.MIN, "mode"),))
    refused = refusal_of(of_text, Level.OPEN)
    assert (refused.code, refused.rule) == ("wrong_type", "MIN is of numbers and dates, and mode is text")
    assert {"day", "distance"} <= set(refused.remedy.removeprefix("use one of ").split(", "))


@pytest.mark.parametrize("function", [AggregateFunction.SUM, AggregateFunction.AVG])
@pytest.mark.parametrize("column", ["mode", "rider", "day", "paid"])
def test_sums_are_of_measures(function: AggregateFunction, column: str) -> None:
    found = refusal_of(asked(aggregates=(Aggregate(function, column),)), Level.OPEN)
    assert found.code == "wrong_type"
    assert "distance" in found.remedy


BARE = [
    Aggregate(AggregateFunction.VAR_SAMP, "fare"),
    Aggregate(AggregateFunction.STDDEV_SAMP, "fare"),
    Aggregate(AggregateFunction.CORR, "fare", None, "stops"),
    Aggregate(AggregateFunction.REGR_SLOPE, "fare", None, "stops"),
    Aggregate(AggregateFunction.MIN, "fare"),
    Aggregate(AggregateFunction.MAX, "fare"),
    Aggregate(AggregateFunction.SUM, Call(Op.ADD, (Column("fare"), Column("stops")))),
    Aggregate(AggregateFunction.COUNT, Call(Op.IS_NULL, (Column("fare"),))),
]


@pytest.mark.parametrize("aggregate", BARE, ids=lambda aggregate: str(aggregate.function))
def test_what_only_open_answers_is_refused_below_with_what_would_pass(aggregate: Aggregate) -> None:
    check_plan(asked(aggregates=(aggregate,)), TRIPS, Level.OPEN)
    found = refusal_of(asked(aggregates=(COUNT, aggregate)))
    assert found.code == "not_published"
    assert found.field.startswith("aggregates[1]")
    assert any(offered in found.remedy for offered in ("QUANTILE_CONT", "FILTER"))


@pytest.mark.parametrize("level", Level)
def test_a_quantile_needs_bins(level: Level) -> None:
    median = Aggregate(AggregateFunction.QUANTILE_CONT, "duration", quantile=0.5)
    check_plan(asked(aggregates=(median, Aggregate(AggregateFunction.HISTOGRAM, "distance"))), TRIPS, level)
    found = refusal_of(asked(aggregates=(Aggregate(AggregateFunction.HISTOGRAM, "fare"),)), level)
    assert found.code == "no_bins"
    assert "distance, duration" in found.remedy


def test_a_computed_value_fits_its_aggregate() -> None:
    text = Call(Op.COALESCE, (Column("remark"), literal("none")))
    check_plan(asked(aggregates=(Aggregate(AggregateFunction.COUNT, text),)), TRIPS, Level.OPEN)
    assert refusal_of(asked(aggregates=(Aggregate(AggregateFunction.SUM, text),)), Level.OPEN).code == "wrong_type"
    distinct = Aggregate(AggregateFunction.COUNT_DISTINCT, text)
    assert refusal_of(asked(aggregates=(distinct,)), Level.OPEN).code == "not_a_unit"
    unknown = Aggregate(AggregateFunction.SUM, Call(Op.ABS, (Column("fair"),)))
    assert "did you mean fare?" in refusal_of(asked(aggregates=(unknown,)), Level.OPEN).remedy
    high = Aggregate(AggregateFunction.COUNT, tower(MAX_DEPTH + 1))
    assert refusal_of(asked(aggregates=(high,)), Level.OPEN).code == "too_deep"


def test_an_unknown_column_is_answered_with_the_nearest_name() -> None:
    in_aggregate = refusal_of(asked(aggregates=(Aggregate(AggregateFunction.SUM, "distanse"),)))
    in_key = refusal_of(asked(Column("Mode")))
    in_filter = refusal_of(asked(where=Column("payd")))
    assert {found.code for found in (in_aggregate, in_key, in_filter)} == {"unknown_column"}
    assert "did you mean distance?" in in_aggregate.remedy
    assert "did you mean mode?" in in_key.remedy
    assert "did you mean paid?" in in_filter.remedy


def test_a_filter_must_be_a_condition() -> None:
    assert refusal_of(asked(where=DISTANCE)).code == "wrong_type"
    check_plan(asked(where=Literal(None, DataType.BOOLEAN)), TRIPS, Level.OPEN)


def tower(levels: int) -> Expression:
    expression: Expression = PAID
    for _ in range(levels - 1):
        expression = call(Op.NOT, expression)
    return expression


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 10_000])
def test_a_tower_of_operators_is_refused_wherever_it_stands(levels: int) -> None:
    high = tower(levels)
    filtered = Aggregate(AggregateFunction.COUNT_ROWS, None, high)
    places = {"where": asked(where=high), "keys[0]": asked(high), "aggregates[0].where": asked(aggregates=(filtered,))}
    for field, plan in places.items():
        found = refusal_of(plan, Level.OPEN)
        assert (found.code, found.field) == ("too_deep", field)


def test_the_greatest_question_passes_and_one_more_is_refused() -> None:
    wide = call(Op.IN, DURATION, *(literal(number) for number in range(MAX_NODES - 2)))
    check_plan(asked(where=wide), TRIPS, Level.OPEN)
    check_plan(asked(where=tower(MAX_DEPTH)), TRIPS, Level.OPEN)
    assert refusal_of(asked(PAID, where=wide), Level.OPEN).code == "too_large"


def test_keys_and_aggregates_are_counted() -> None:
    check_plan(asked(*[PAID] * MAX_KEYS, aggregates=(COUNT,) * MAX_AGGREGATES), TRIPS, Level.OPEN)
    assert refusal_of(asked(*[PAID] * (MAX_KEYS + 1))).code == "too_many_keys"
    assert refusal_of(asked(aggregates=(COUNT,) * (MAX_AGGREGATES + 1))).code == "too_many_aggregates"
