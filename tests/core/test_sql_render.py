"""A plan written as SQL reads back as the same canonical plan."""

from __future__ import annotations

import pytest
from hypothesis import given

from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Call, Column, Expression, Op, literal
from hansa_core.plan.limits import MAX_DEPTH
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.sql.render import render_plan
from hansa_core.sql.split import parse_statement
from hansa_strategies import TRIPS, plans


def read_back(plan: Plan) -> Plan:
    return parse_statement(render_plan(plan), {TRIPS.id: TRIPS}, ()).plan


@given(plan=plans(totals=True))
def test_canonical_sql_parses_back_to_the_same_canonical_plan(plan: Plan) -> None:
    canonical = canonicalise(plan)
    assert read_back(plan) == canonical
    assert read_back(canonical) == canonical
    assert render_plan(read_back(canonical)) == render_plan(canonical)


@pytest.mark.parametrize("op", [Op.SUB, Op.CASE, Op.COALESCE, Op.BIN])
def test_the_deepest_plan_reads_back(op: Op) -> None:
    expression: Expression = Column("stops")
    for _ in range(MAX_DEPTH - 1):
        match op:
            case Op.CASE:
                expression = Call(op, (Column("paid"), expression, Column("zone")))
            case Op.BIN:
                expression = Call(op, (expression, literal(2)))
            case _:
                expression = Call(op, (Column("zone"), expression))
    plan = Plan(TRIPS.id, None, (expression,), (Aggregate(AggregateFunction.COUNT_ROWS),))
    assert read_back(plan) == canonicalise(plan)


def test_a_literal_can_be_a_key() -> None:
    plan = Plan(TRIPS.id, None, (literal(7),), (Aggregate(AggregateFunction.COUNT_ROWS),))
    assert render_plan(plan) == 'SELECT 7, COUNT(*) FROM "demo.trips/1" GROUP BY 1'
    assert read_back(plan) == plan


def test_text_is_quoted_not_concatenated() -> None:
    where = Call(Op.EQ, (Column("remark"), literal("'; DROP TABLE rows; --")))
    plan = Plan(TRIPS.id, where, (), (Aggregate(AggregateFunction.COUNT_ROWS),))
    assert "'''; DROP TABLE rows; --'" in render_plan(plan)
    assert read_back(plan) == plan
