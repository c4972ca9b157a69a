"""Operators that no dialect has with the language's meaning, spelt out in what all have."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.casts import DATE_TEXT, NUMERIC_TEXT, TIMESTAMP_TEXT
from hansa_core.plan.grid import MICRO, ROW_FACTOR, latitude_step, longitude_steps
from hansa_node.engines.sql.dialect import Binder, Dialect, NamedValue, SqlTypes
from hansa_node.engines.sql.syntax import Sql, binary, call, case, text, whole

_FORMS = {DataType.NUMBER: NUMERIC_TEXT, DataType.DATE: DATE_TEXT, DataType.TIMESTAMP: TIMESTAMP_TEXT}


def one_zero(binder: Binder, types: SqlTypes, x: Sql) -> Sql:
    """A double with minus zero written as zero: the two are one key."""
    zero = types.cast(whole(0), DataType.NUMBER)
    return binder.let([x], lambda x: case((binary(exp.EQ, x(), whole(0)), zero), default=x()))


def null_if(binder: Binder, kept: Sql, unwanted: Sql) -> Sql:
    """NULL for the one value; an engine's own NULLIF may write `kept` twice."""

    def body(kept: NamedValue, unwanted: NamedValue) -> Sql:
        return case((binary(exp.EQ, kept(), unwanted()), exp.Null()), default=kept())

    return binder.let([kept, unwanted], body)


def root(binder: Binder, x: Sql) -> Sql:
    """The square root; engines refuse a statement over a number below 0."""
    return binder.let([x], lambda x: case((binary(exp.GTE, x(), whole(0)), call("sqrt", x()))))


def integer_bin(binder: Binder, dialect: Dialect, x: Sql, width: Sql) -> Sql:
    """floor(x / width) · width in whole numbers: x less its remainder, which `%` gives the sign of x."""

    def body(x: NamedValue) -> Sql:
        remainder = binary(exp.Mod, x(), width.copy())
        above = binary(exp.Mod, binary(exp.Add, remainder, width.copy()), width.copy())
        return dialect.numbers.narrowed(binder, binary(exp.Sub, x(), above))

    return binder.let([dialect.types.widened(x)], body)


def cast_text(binder: Binder, dialect: Dialect, sql: Sql, target: DataType) -> Sql:
    """Text as `target`. Engines' own casts accept more (`1e3`, `t`, the year 0), so the pattern comes first."""

    def body(given: NamedValue) -> Sql:
        match target:
            case DataType.BOOLEAN:
                arms = {"true": exp.true(), "false": exp.false()}
                return case(*((binary(exp.EQ, given(), text(name)), value) for name, value in arms.items()))
            case DataType.INTEGER:
                rounded = _rounded_decimal(binder, dialect, given)
                return case((dialect.texts.matches(given(), NUMERIC_TEXT), rounded))
            case DataType.TEXT:
                return given()
            case _:
                read = dialect.texts.read(binder, given(), target)
                return case((dialect.texts.matches(given(), _FORMS[target]), read))

    return binder.let([sql], body)


def grid(binder: Binder, dialect: Dialect, latitude: Sql, longitude: Sql, metres: int) -> Sql:
    """The number of the cell, as `hansa_core.plan.grid` defines it. Both coordinates are doubles."""
    step = latitude_step(metres)

    def inside_the_world(latitude: NamedValue, longitude: NamedValue) -> Sql:
        inside = binary(exp.And, _within(latitude(), 90), _within(longitude(), 180))
        number = binder.let(
            [_micro(binder, dialect, latitude(), 90), _micro(binder, dialect, longitude(), 180)], row_and_longitude
        )
        return case((inside, number))

    def row_and_longitude(south: NamedValue, west: NamedValue) -> Sql:
        row = dialect.numbers.whole_quotient(south(), whole(step))
        return binder.let([row, west()], number)

    def number(row: NamedValue, west: NamedValue) -> Sql:
        edge = binary(exp.Sub, binary(exp.Mul, row(), whole(step)), whole(90 * MICRO))
        degree = dialect.numbers.whole_quotient(call("abs", edge), whole(MICRO))
        widths = [whole(width) for width in longitude_steps(metres)]
        width = dialect.item(widths, binary(exp.Add, degree, whole(1)))
        column = dialect.numbers.whole_quotient(west(), width)
        return binary(exp.Add, binary(exp.Mul, row(), whole(ROW_FACTOR)), column)

    return binder.let([latitude, longitude], inside_the_world)


def _rounded_decimal(binder: Binder, dialect: Dialect, given: NamedValue) -> Sql:
    """Rounded half away from zero by the first decimal: exact, however long the text."""
    digits, decimals = (exp.SplitPart(this=given(), delimiter=text("."), part_index=whole(place)) for place in (1, 2))
    away = case((exp.StartsWith(this=given(), expression=text("-")), whole(-1)), default=whole(1))
    step = case((binary(exp.GTE, decimals, text("5")), away), default=whole(0))
    integer = dialect.texts.read(binder, digits, DataType.INTEGER)
    return dialect.numbers.narrowed(binder, binary(exp.Add, integer, step))


def _within(degrees: Sql, most: int) -> Sql:
    return binary(exp.LTE, call("abs", degrees), whole(most))


def _micro(binder: Binder, dialect: Dialect, degrees: Sql, offset: int) -> Sql:
    """Whole micro-degrees counted from `-offset` degrees."""
    micro = binary(exp.Mul, degrees, dialect.types.cast(whole(MICRO), DataType.NUMBER))
    rounded = dialect.types.cast(dialect.numbers.rounded(binder, micro), DataType.INTEGER)
    return binary(exp.Add, rounded, whole(offset * MICRO))
