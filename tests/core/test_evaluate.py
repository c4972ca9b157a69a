"""hansa_core.plan.evaluate: the meaning of every operator, and that no row raises an error."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product

import pytest
from hypothesis import given

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value, type_of_value
from hansa_core.errors import RefusedError
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.typing import type_of
from hansa_strategies import TRIP_TYPES, expressions, rows

B, I, N, X, D, T = (  # noqa: E741
    DataType.BOOLEAN,
    DataType.INTEGER,
    DataType.NUMBER,
    DataType.TEXT,
    DataType.DATE,
    DataType.TIMESTAMP,
)
TRUTH = (True, False, None)


def of(op: Op, *args: Value | Literal) -> Value | None:
    """The value of one call over literals; a bare value becomes its literal."""
    return evaluate(Call(op, tuple(arg if isinstance(arg, Literal) else literal(arg) for arg in args)), {}, {})


def null(kind: DataType) -> Literal:
    return Literal(None, kind)


@given(expressions(), rows())
def test_every_expression_gives_null_or_a_value_of_its_type(
    expression: Expression, row: dict[str, Value | None]
) -> None:
    value = evaluate(expression, row, TRIP_TYPES)
    assert value is None or type_of_value(value) is type_of(expression, TRIP_TYPES)
    assert repr(value) not in ("nan", "inf", "-inf", "-0.0")
    assert not isinstance(value, int) or INT64_MIN <= value <= INT64_MAX


@pytest.mark.parametrize(("left", "right"), list(product(TRUTH, TRUTH)))
def test_and_or_not_follow_three_valued_logic(left: bool | None, right: bool | None) -> None:
    pair = Literal(left, B), Literal(right, B)
    conjunction = False if False in (left, right) else None if None in (left, right) else True
    disjunction = True if True in (left, right) else None if None in (left, right) else False
    assert of(Op.AND, *pair) is conjunction
    assert of(Op.OR, *pair) is disjunction
    assert of(Op.NOT, pair[0]) is (None if left is None else not left)


@pytest.mark.parametrize(
    ("op", "args", "result"),
    [
        (Op.ADD, (INT64_MAX, 1), None),
        (Op.SUB, (INT64_MIN, 1), None),
        (Op.MUL, (2**32, 2**31), None),
        (Op.MUL, (2**32, -(2**31)), INT64_MIN),
        (Op.ABS, (INT64_MIN,), None),
        (Op.ABS, (-2.5,), 2.5),
        (Op.ADD, (1, 0.5), 1.5),
        (Op.ADD, (1e308, 1e308), None),
        (Op.MUL, (-1, 0.0), 0.0),
        (Op.DIV, (1, 0), None),
        (Op.DIV, (1.0, -0.0), None),
        (Op.DIV, (1e308, 1e-308), None),
        (Op.DIV, (7, 2), 3.5),
        (Op.DIV, (2**53 + 1, 1), float(2**53)),
        (Op.BIN, (-7, 5), -10),
        (Op.BIN, (INT64_MIN, 1000), None),
        (Op.BIN, (-7.5, 5), -10.0),
        (Op.BIN, (7, 2.5), 5.0),
        (Op.BIN, (1e308, 5e-324), None),
        (Op.BIN, (0.3, 0.1), 0.2),  # 0.3 / 0.1 is 2.999… in doubles, and the bin is the doubles' bin
    ],
)
def test_arithmetic_is_total(op: Op, args: tuple[Value, ...], result: Value | None) -> None:
    assert repr(of(op, *args)) == repr(result)


@pytest.mark.parametrize(
    ("op", "args", "result"),
    [
        (Op.EQ, (2**53 + 1, float(2**53)), True),  # compared as doubles
        (Op.LT, (1, 1.5), True),
        (Op.EQ, (date(2024, 5, 1), datetime(2024, 5, 1)), True),
        (Op.LT, (date(2024, 5, 1), datetime(2024, 5, 1, 0, 0, 1)), True),
        (Op.LT, ("Z", "a"), True),
        (Op.LT, ("\uffff", "\U00010000"), True),  # by code point, not by UTF-16 unit
        (Op.LT, (False, True), True),
        (Op.EQ, (null(I), 1), None),
        (Op.IS_NULL, (null(I),), True),
        (Op.IS_NULL, (1,), False),
        (Op.IN, (2, 1, 2), True),
        (Op.IN, (3, 1, 2), False),
        (Op.IN, (null(I), 1, 2), None),
        (Op.IN, (1, 1, null(I)), True),
        (Op.IN, (3, 1, null(I)), None),
        (Op.NULLIF, (1, 1), None),
        (Op.NULLIF, (1, 2), 1),
        (Op.NULLIF, (1, null(I)), 1),
        (Op.NULLIF, (1, 0.5), 1.0),
        (Op.COALESCE, (null(I), 3, 4), 3),
        (Op.COALESCE, (null(N), 3), 3.0),
        (Op.COALESCE, (null(I), null(I)), None),
        (Op.CASE, (False, 1, True, 2, 3), 2),
        (Op.CASE, (null(B), 1, 3), 3),
        (Op.CASE, (False, 1), None),
        (Op.CASE, (True, 1, 2.5), 1.0),
    ],
)
def test_comparisons_and_choices(op: Op, args: tuple[Value | Literal, ...], result: Value | None) -> None:
    assert repr(of(op, *args)) == repr(result)


@pytest.mark.parametrize(
    ("value", "target", "result"),
    [
        (2.5, I, 3),
        (-2.5, I, -3),
        (0.49999999999999994, I, 0),
        (2.0**63, I, None),
        (-(2.0**63), I, INT64_MIN),
        (5, N, 5.0),
        (True, I, 1),
        ("12", I, 12),
        ("-2.5", I, -3),
        ("2.49999999999999999999", I, 2),
        ("9223372036854775807.4", I, INT64_MAX),
        ("9223372036854775807.5", I, None),
        ("-9223372036854775808", I, INT64_MIN),
        ("000000000000000000000000012", I, 12),
        ("1" * 5000, I, None),
        ("1" * 5000, N, None),
        ("1e3", I, None),
        ("1e3", N, None),
        (" 1", I, None),
        ("+1", I, None),
        ("١", I, None),
        ("1\n", I, None),
        ("2.", N, None),
        (".5", N, None),
        ("-0.0", N, 0.0),
        ("0.1", N, 0.1),
        ("true", B, True),
        ("false", B, False),
        ("TRUE", B, None),
        ("2024-02-29", D, date(2024, 2, 29)),
        ("2023-02-29", D, None),
        ("0000-01-01", D, None),
        ("0001-01-01", D, date(1, 1, 1)),
        ("20240229", D, None),
        ("2024-2-9", D, None),
        ("2024-02-29 23:59:59", T, datetime(2024, 2, 29, 23, 59, 59)),
        ("2024-02-29T23:59:59.5", T, datetime(2024, 2, 29, 23, 59, 59, 500_000)),
        ("2024-02-29 23:59:59.000001", T, datetime(2024, 2, 29, 23, 59, 59, 1)),
        ("2024-02-29 23:59:59.0000001", T, None),
        ("2024-02-29 24:00:00", T, None),
        ("2024-02-29 23:59:60", T, None),
        ("2024-02-29 23:59:59Z", T, None),
        ("2024-02-29", T, None),
        (date(2024, 2, 29), T, datetime(2024, 2, 29)),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999), D, date(1969, 12, 31)),
        ("x", X, "x"),
    ],
)
def test_try_cast_converts_what_it_documents_and_nothing_else(value: Value, target: DataType, result: Value) -> None:
    cast = Call(Op.TRY_CAST, (Column("x"), literal(target.value)))
    assert repr(evaluate(cast, {"x": value}, {"x": literal(value).type})) == repr(result)


@pytest.mark.parametrize(
    ("part", "start", "number"),
    [
        ("year", datetime(2024, 1, 1), 2024),
        ("quarter", datetime(2024, 4, 1), 2),
        ("month", datetime(2024, 5, 1), 5),
        ("day", datetime(2024, 5, 31), 31),
        ("hour", datetime(2024, 5, 31, 13), 13),
    ],
)
def test_calendar_parts(part: str, start: datetime, number: int) -> None:
    moment = datetime(2024, 5, 31, 13, 45, 10, 7)
    assert of(Op.DATE_TRUNC, part, moment) == start
    assert of(Op.EXTRACT, part, moment) == number
    if part != "hour":
        assert repr(of(Op.DATE_TRUNC, part, moment.date())) == repr(start.date())
        assert of(Op.EXTRACT, part, moment.date()) == number


def test_weeks_begin_on_monday() -> None:
    assert [of(Op.EXTRACT, "isodow", date(2024, 5, day)) for day in (27, 31)] == [1, 5]
    assert of(Op.EXTRACT, "isodow", date(2024, 6, 2)) == 7


def test_a_grid_cell_is_null_off_the_globe_and_takes_whole_degrees() -> None:
    assert of(Op.GRID, 91, 0, 100) is None
    assert of(Op.GRID, 0, 0, 111_320) == 90_000_000_180


def test_an_integer_arm_beside_a_number_column_is_a_double_even_where_the_number_is_null() -> None:
    product_of_arm = Call(Op.MUL, (Call(Op.COALESCE, (Column("fare"), Column("odometer"))), literal(2)))
    row: dict[str, Value | None] = {"fare": None, "odometer": INT64_MAX}
    assert evaluate(product_of_arm, row, TRIP_TYPES) == 2.0**64


def test_what_is_ill_typed_is_refused_before_any_row_is_read() -> None:
    with pytest.raises(RefusedError):
        evaluate(Call(Op.ADD, (Column("mode"), literal(1))), {}, TRIP_TYPES)
