"""Quotients of integers as DuckDB SQL: the nearest double, rounded once, beyond 2**53 too."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_node.engines.duckdb.formulas import one_zero
from hansa_node.engines.duckdb.nodes import Binder, Bound, Sql, binary, call, case, cast, huge, item, paren, whole


def quotient(binder: Binder, dividend: Sql, divisor: Sql) -> Sql:
    """The double nearest to a quotient of two integers, or NULL at 0: rounded once, whatever their size."""

    def body(pair: Bound) -> Sql:
        above, below = (call("abs", huge(item(pair(), place))) for place in (1, 2))
        first, second = (cast(item(pair(), place), DataType.NUMBER) for place in (1, 2))
        is_negative = binary(
            exp.NEQ, binary(exp.LT, item(pair(), 1), whole(0)), binary(exp.LT, item(pair(), 2), whole(0))
        )
        small = binary(exp.And, *(binary(exp.LTE, side.copy(), whole(2**53)) for side in (above, below)))
        magnitude = _magnitude(binder, above, below)
        signed = binary(exp.Mul, magnitude, case((is_negative, whole(-1)), default=whole(1)))
        return case(
            (binary(exp.EQ, item(pair(), 2), whole(0)), exp.Null()),
            (small, one_zero(binder, binary(exp.Div, first, second))),
            (binary(exp.EQ, item(pair(), 1), whole(0)), cast(whole(0), DataType.NUMBER)),
            default=signed,
        )

    return binder.let(exp.Array(expressions=[dividend, divisor]), body)


def _magnitude(binder: Binder, above: Sql, below: Sql) -> Sql:
    """Of two positive whole numbers below 2**64. All its bits but for two fit a BIGINT, whose cast rounds as IEEE does.

    The quotient of 2**shift times the first and the second has 55 to 58 bits; one more says whether there is a rest.
    """
    logs = [call("floor", call("log2", cast(side.copy(), DataType.NUMBER))) for side in (above, below)]
    shift = cast(binary(exp.Sub, whole(56), binary(exp.Sub, *logs)), DataType.INTEGER)

    def scaled(given: Bound) -> Sql:
        up, down = (call("greatest", sign, whole(0)) for sign in (item(given(), 3), exp.Neg(this=item(given(), 3))))
        dividend, divisor = (
            binary(exp.Mul, item(given(), place), _power_of_two(by)) for place, by in ((1, up), (2, down))
        )
        return exp.Array(expressions=[dividend, divisor, huge(item(given(), 3))])

    def rounded(given: Bound) -> Sql:
        whole_part = binary(exp.IntDiv, item(given(), 1), item(given(), 2))
        remainder = binary(exp.Mod, item(given(), 1), item(given(), 2))
        rest = case((binary(exp.EQ, remainder, whole(0)), whole(0)), default=whole(1))
        bits = cast(binary(exp.Add, binary(exp.Mul, whole_part, whole(2)), rest), DataType.INTEGER)
        places = paren(binary(exp.Add, item(given(), 3), whole(1)))
        scale = call("pow", cast(whole(2), DataType.NUMBER), exp.Neg(this=places))
        return binary(exp.Mul, cast(bits, DataType.NUMBER), scale)

    sides = exp.Array(expressions=[huge(above), huge(below), huge(shift)])
    return binder.let(binder.let(sides, scaled), rounded)


def _power_of_two(exponent: Sql) -> Sql:
    return huge(call("pow", cast(whole(2), DataType.NUMBER), exponent))
