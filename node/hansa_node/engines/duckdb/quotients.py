"""Quotients of integers as DuckDB SQL: the nearest double, rounded once, beyond 2**53 too."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_node.engines.duckdb.types import TYPES, item
from hansa_node.engines.sql.dialect import Binder, NamedValue
from hansa_node.engines.sql.formulas import one_zero
from hansa_node.engines.sql.syntax import Sql, binary, call, case, paren, whole


def quotient(binder: Binder, dividend: Sql, divisor: Sql) -> Sql:
    """The double nearest to a quotient of two integers, or NULL by 0 and by NULL: rounded once, whatever their size."""

    def body(dividend: NamedValue, divisor: NamedValue) -> Sql:
        above, below = (call("abs", TYPES.widened(side())) for side in (dividend, divisor))
        first, second = (TYPES.cast(side(), DataType.NUMBER) for side in (dividend, divisor))
        is_negative = binary(exp.NEQ, binary(exp.LT, dividend(), whole(0)), binary(exp.LT, divisor(), whole(0)))
        small = binary(exp.And, *(binary(exp.LTE, side.copy(), whole(2**53)) for side in (above, below)))
        magnitude = _magnitude(binder, above, below)
        signed = binary(exp.Mul, magnitude, case((is_negative, whole(-1)), default=whole(1)))
        of_whole_numbers = case(
            (small, one_zero(binder, TYPES, binary(exp.Div, first, second))),
            (binary(exp.EQ, dividend(), whole(0)), TYPES.cast(whole(0), DataType.NUMBER)),
            default=signed,
        )
        return case((binary(exp.NEQ, divisor(), whole(0)), of_whole_numbers))  # so that 0 by NULL is NULL

    return binder.let([dividend, divisor], body)


def _magnitude(binder: Binder, above: Sql, below: Sql) -> Sql:
    """Of two positive whole numbers below 2**64. All its bits but for two fit a BIGINT, whose cast rounds as IEEE does.

    The quotient of 2**shift times the first and the second has 55 to 58 bits; one more says whether there is a rest.
    """
    logs = [call("floor", call("log2", TYPES.cast(side.copy(), DataType.NUMBER))) for side in (above, below)]
    shift = TYPES.cast(binary(exp.Sub, whole(56), binary(exp.Sub, *logs)), DataType.INTEGER)

    def scaled(above: NamedValue, below: NamedValue, shift: NamedValue) -> Sql:
        up, down = (call("greatest", sign, whole(0)) for sign in (shift(), exp.Neg(this=shift())))
        dividend, divisor = (binary(exp.Mul, side(), _power_of_two(by)) for side, by in ((above, up), (below, down)))
        return exp.Array(expressions=[dividend, divisor, TYPES.widened(shift())])

    def rounded(given: NamedValue) -> Sql:
        whole_part = binary(exp.IntDiv, item(given(), 1), item(given(), 2))
        remainder = binary(exp.Mod, item(given(), 1), item(given(), 2))
        rest = case((binary(exp.EQ, remainder, whole(0)), whole(0)), default=whole(1))
        bits = TYPES.cast(binary(exp.Add, binary(exp.Mul, whole_part, whole(2)), rest), DataType.INTEGER)
        places = paren(binary(exp.Add, item(given(), 3), whole(1)))
        scale = call("pow", TYPES.cast(whole(2), DataType.NUMBER), exp.Neg(this=places))
        return binary(exp.Mul, TYPES.cast(bits, DataType.NUMBER), scale)

    scaled_sides = binder.let([TYPES.widened(side) for side in (above, below, shift)], scaled)
    return binder.let([scaled_sides], rounded)


def _power_of_two(exponent: Sql) -> Sql:
    return TYPES.widened(call("pow", TYPES.cast(whole(2), DataType.NUMBER), exponent))
