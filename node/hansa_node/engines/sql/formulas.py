"""Operators that DuckDB lacks, or has with another meaning, spelt out in what it has."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.casts import DATE_TEXT, NUMERIC_TEXT, TIMESTAMP_TEXT
from hansa_core.plan.grid import MICRO, ROW_FACTOR, latitude_step, longitude_steps
from hansa_node.engines.duckdb.nodes import (
    Binder,
    Bound,
    Sql,
    binary,
    call,
    case,
    cast,
    huge,
    item,
    matches,
    text,
    try_cast,
    whole,
)


def finite(binder: Binder, x: Sql) -> Sql:
    """A double, or NULL if it is infinite or not a number."""
    return binder.let(x, lambda x: case((call("isfinite", x()), x())))


def one_zero(binder: Binder, x: Sql) -> Sql:
    """A double with minus zero written as zero: the two are one key."""
    zero = cast(whole(0), DataType.NUMBER)
    return binder.let(x, lambda x: case((binary(exp.EQ, x(), whole(0)), zero), default=x()))


def null_if(binder: Binder, kept: Sql, unwanted: Sql) -> Sql:
    """DuckDB's own NULLIF is a macro that writes `kept` twice."""

    def body(pair: Bound) -> Sql:
        return case((binary(exp.EQ, item(pair(), 1), item(pair(), 2)), exp.Null()), default=item(pair(), 1))

    return binder.let(exp.Array(expressions=[kept, unwanted]), body)


def root(binder: Binder, x: Sql) -> Sql:
    """The square root; DuckDB refuses a statement over a number below 0."""
    return binder.let(x, lambda x: case((binary(exp.GTE, x(), whole(0)), call("sqrt", x()))))


def integer_bin(binder: Binder, x: Sql, width: Sql) -> Sql:
    """floor(x / width) · width in whole numbers: x less its remainder, which `%` gives the sign of x."""

    def body(x: Bound) -> Sql:
        remainder = binary(exp.Mod, x(), width.copy())
        above = binary(exp.Mod, binary(exp.Add, remainder, width.copy()), width.copy())
        return try_cast(binary(exp.Sub, x(), above), DataType.INTEGER)

    return binder.let(huge(x), body)


def number_bin(binder: Binder, x: Sql, width: Sql) -> Sql:
    """floor(x / width) · width in doubles."""
    steps = call("floor", binary(exp.Div, x, width))
    return finite(binder, binary(exp.Mul, steps, width.copy()))


def cast_text(binder: Binder, sql: Sql, target: DataType) -> Sql:
    """Text as `target`. DuckDB's own casts accept more (`1e3`, `t`, the year 0), so the pattern comes first."""

    def body(given: Bound) -> Sql:
        match target:
            case DataType.BOOLEAN:
                arms = {"true": exp.true(), "false": exp.false()}
                return case(*((binary(exp.EQ, given(), text(name)), value) for name, value in arms.items()))
            case DataType.INTEGER:
                return case((matches(given(), NUMERIC_TEXT), _rounded_decimal(given)))
            case DataType.NUMBER:
                return case((matches(given(), NUMERIC_TEXT), try_cast(given(), target)))
            case DataType.DATE:
                return case((matches(given(), DATE_TEXT), try_cast(given(), target)))
            case DataType.TIMESTAMP:
                return case((matches(given(), TIMESTAMP_TEXT), try_cast(given(), target)))
            case DataType.TEXT:
                return given()

    bound = binder.let(sql, body)
    return finite(binder, bound) if target is DataType.NUMBER else bound  # 400 digits are infinite


def grid(binder: Binder, latitude: Sql, longitude: Sql, metres: int) -> Sql:
    """The number of the cell, as `hansa_core.plan.grid` defines it. Both coordinates are doubles."""
    step = latitude_step(metres)

    def micro_degrees(point: Bound) -> Sql:
        inside = binary(exp.And, _within(item(point(), 1), 90), _within(item(point(), 2), 180))
        return case((inside, exp.Array(expressions=[_micro(item(point(), 1), 90), _micro(item(point(), 2), 180)])))

    def row_and_longitude(micro: Bound) -> Sql:
        return exp.Array(expressions=[binary(exp.IntDiv, item(micro(), 1), whole(step)), item(micro(), 2)])

    def number(place: Bound) -> Sql:
        edge = binary(exp.Sub, binary(exp.Mul, item(place(), 1), whole(step)), whole(90 * MICRO))
        degree = binary(exp.IntDiv, call("abs", edge), whole(MICRO))
        widths = exp.Array(expressions=[whole(width) for width in longitude_steps(metres)])
        width = item(widths, binary(exp.Add, degree, whole(1)))
        column = binary(exp.IntDiv, item(place(), 2), width)
        return binary(exp.Add, binary(exp.Mul, item(place(), 1), whole(ROW_FACTOR)), column)

    point = exp.Array(expressions=[latitude, longitude])
    return binder.let(binder.let(binder.let(point, micro_degrees), row_and_longitude), number)


def _rounded_decimal(given: Bound) -> Sql:
    """Rounded half away from zero by the first decimal: exact, however long the text."""
    digits, decimals = (call("split_part", given(), text("."), whole(place)) for place in (1, 2))
    away = case((call("starts_with", given(), text("-")), whole(-1)), default=whole(1))
    step = case((binary(exp.GTE, decimals, text("5")), away), default=whole(0))
    return try_cast(binary(exp.Add, huge(try_cast(digits, DataType.INTEGER)), step), DataType.INTEGER)


def _within(degrees: Sql, most: int) -> Sql:
    return binary(exp.LTE, call("abs", degrees), whole(most))


def _micro(degrees: Sql, offset: int) -> Sql:
    """Whole micro-degrees counted from `-offset` degrees."""
    micro = call("round", binary(exp.Mul, degrees, cast(whole(MICRO), DataType.NUMBER)))
    return binary(exp.Add, cast(micro, DataType.INTEGER), whole(offset * MICRO))
