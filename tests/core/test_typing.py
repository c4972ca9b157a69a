"""hansa_core.plan.typing: the type of well-formed calls, and helpful refusals of the others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.typing import type_of
from hansa_strategies import TRIP_TYPES, expressions


def call(op: Op, *args: Expression) -> Call:
    return Call(op, args)


STOPS, FARE, MODE, DAY, STARTED, PAID = (Column(n) for n in ("stops", "fare", "mode", "day", "started", "paid"))
ONE, HALF, TRAM = literal(1), literal(0.5), literal("tram")


@given(st.data(), st.sampled_from(DataType))
def test_a_generated_expression_has_the_type_it_was_generated_for(data: st.DataObject, kind: DataType) -> None:
    assert type_of(data.draw(expressions(kind)), TRIP_TYPES) is kind


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (call(Op.ADD, STOPS, ONE), DataType.INTEGER),
        (call(Op.ADD, STOPS, HALF), DataType.NUMBER),
        (call(Op.DIV, STOPS, ONE), DataType.NUMBER),
        (call(Op.EQ, STOPS, FARE), DataType.BOOLEAN),
        (call(Op.LT, DAY, STARTED), DataType.BOOLEAN),
        (call(Op.COALESCE, STOPS, FARE), DataType.NUMBER),
        (call(Op.CASE, PAID, STOPS, PAID, FARE), DataType.NUMBER),
        (call(Op.CASE, PAID, DAY, Literal(None, DataType.DATE)), DataType.DATE),
        (call(Op.NULLIF, STOPS, HALF), DataType.NUMBER),
        (call(Op.BIN, STOPS, literal(5)), DataType.INTEGER),
        (call(Op.BIN, FARE, literal(5)), DataType.NUMBER),
        (call(Op.DATE_TRUNC, literal("month"), DAY), DataType.DATE),
        (call(Op.DATE_TRUNC, literal("hour"), STARTED), DataType.TIMESTAMP),
        (call(Op.EXTRACT, literal("isodow"), DAY), DataType.INTEGER),
        (call(Op.GRID, Column("lat"), Column("lon"), literal(500)), DataType.INTEGER),
        (call(Op.TRY_CAST, STARTED, literal("date")), DataType.DATE),
    ],
)
def test_calls_have_the_documented_type(expression: Expression, kind: DataType) -> None:
    assert type_of(expression, TRIP_TYPES) is kind


@pytest.mark.parametrize(
    "expression",
    [
        call(Op.EQ, STOPS, TRAM),
        call(Op.EQ, STOPS),
        call(Op.AND, PAID),
        call(Op.AND, PAID, STOPS),
        call(Op.NOT, STOPS),
        call(Op.IN, STOPS, FARE),
        call(Op.IN, STOPS, ONE, HALF),
        call(Op.IN, STOPS, TRAM),
        call(Op.ADD, MODE, MODE),
        call(Op.SUB, DAY, DAY),
        call(Op.ADD, PAID, ONE),
        call(Op.COALESCE, STOPS, MODE),
        call(Op.COALESCE, DAY, STARTED),
        call(Op.CASE, STOPS, ONE),
        call(Op.CASE, PAID, ONE, TRAM),
        call(Op.CASE, PAID, ONE, MODE, ONE),
        call(Op.TRY_CAST, FARE, literal("text")),
        call(Op.TRY_CAST, STOPS, literal("integr")),
        call(Op.TRY_CAST, MODE, MODE),
        call(Op.DATE_TRUNC, literal("hour"), DAY),
        call(Op.DATE_TRUNC, literal("isodow"), DAY),
        call(Op.EXTRACT, literal("hour"), DAY),
        call(Op.EXTRACT, literal("year"), MODE),
        call(Op.BIN, STOPS, literal(0)),
        call(Op.BIN, STOPS, literal(True)),
        call(Op.BIN, STOPS, STOPS),
        call(Op.BIN, STOPS, Literal(None, DataType.INTEGER)),
        call(Op.GRID, Column("lat"), Column("lon"), literal(0)),
        call(Op.GRID, Column("lat"), Column("lon"), literal(500.0)),
        call(Op.GRID, MODE, Column("lon"), literal(500)),
        call(Op.EQ, MODE, literal("\ud800")),
    ],
)
def test_ill_typed_calls_are_refused_with_rule_and_remedy(expression: Expression) -> None:
    with pytest.raises(RefusedError) as refusal:
        type_of(expression, TRIP_TYPES, "where")
    assert refusal.value.code == "wrong_type"
    assert refusal.value.field == "where"
    assert refusal.value.rule
    assert refusal.value.remedy


def test_an_unknown_column_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(RefusedError) as refusal:
        type_of(call(Op.GT, Column("distence"), HALF), TRIP_TYPES, "keys[0]")
    assert (refusal.value.code, refusal.value.field) == ("unknown_column", "keys[0]")
    assert "distance" in refusal.value.remedy


def test_a_megabyte_of_column_name_does_not_fill_the_refusal() -> None:
    with pytest.raises(RefusedError) as refusal:
        type_of(Column("x" * 1_000_000), TRIP_TYPES)
    assert len(str(refusal.value)) < 1000


def test_ten_thousand_levels_are_refused_before_they_are_walked() -> None:
    tower: Expression = PAID
    for _ in range(10_000):
        tower = call(Op.NOT, tower)
    with pytest.raises(RefusedError) as refusal:
        type_of(tower, TRIP_TYPES)
    assert refusal.value.code == "too_deep"


def test_a_tree_that_shares_its_branches_is_counted_as_the_tree_it_is() -> None:
    tree: Expression = STOPS
    for _ in range(30):
        tree = call(Op.ADD, tree, tree)
    with pytest.raises(RefusedError) as refusal:
        type_of(tree, TRIP_TYPES)
    assert refusal.value.code == "too_large"


def test_a_literal_with_a_time_zone_is_refused_at_birth() -> None:
    with pytest.raises(ValueError, match="names no zone"):
        literal(datetime(2024, 1, 1, tzinfo=UTC))


def test_a_long_text_cannot_be_carried_into_every_cell() -> None:
    assert type_of(literal("x" * 1000), TRIP_TYPES) is DataType.TEXT
    with pytest.raises(RefusedError) as refused:
        type_of(call(Op.CASE, PAID, literal("x" * 1001)), TRIP_TYPES)
    assert refused.value.code == "too_large"
