"""Arithmetic in DuckDB: its doubles follow IEEE 754 here (see `lockdown`), its integers overflow into NULL by TRY."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Op
from hansa_node.engines.duckdb.quotients import quotient
from hansa_node.engines.duckdb.types import TYPES, try_cast
from hansa_node.engines.sql.dialect import Binder
from hansa_node.engines.sql.syntax import Sql, binary, call, case, whole


class DuckDBNumbers:
    """The Numbers of DuckDB."""

    def narrowed(self, binder: Binder, wide: Sql) -> Sql:
        return try_cast(wide, DataType.INTEGER)

    def computed(self, binder: Binder, operator: type[exp.Binary], left: Sql, right: Sql) -> Sql:
        return finite(binder, binary(operator, left, right))

    def nearest_double(self, wide: Sql) -> Sql:
        """DuckDB rounds twice from 128 bits to a double, but only once from text."""
        return TYPES.cast(TYPES.cast(wide, DataType.TEXT), DataType.NUMBER)

    def nearest_integer(self, binder: Binder, number: Sql) -> Sql:
        """Its cast rounds half to even, its `round` half away from zero."""
        return try_cast(call("round", number), DataType.INTEGER)

    def whole(self, op: Op, number: Sql) -> Sql:
        return call(op.value, number)

    def rounded(self, binder: Binder, number: Sql) -> Sql:
        return call("round", number)

    def bin(self, binder: Binder, number: Sql, width: Sql) -> Sql:
        steps = call("floor", binary(exp.Div, number, width))
        return finite(binder, binary(exp.Mul, steps, width.copy()))

    def quotient(self, binder: Binder, dividend: Sql, divisor: Sql) -> Sql:
        return quotient(binder, dividend, divisor)

    def whole_quotient(self, dividend: Sql, divisor: Sql) -> Sql:
        return binary(exp.IntDiv, dividend, divisor)

    def bits_above(self, integer: Sql, count: int) -> Sql:
        return binary(exp.BitwiseRightShift, integer, whole(count))

    def bits_below(self, integer: Sql, count: int) -> Sql:
        return binary(exp.BitwiseAnd, integer, TYPES.widened(whole((1 << count) - 1)))


def finite(binder: Binder, x: Sql) -> Sql:
    """A double, or NULL if it is infinite or not a number."""
    return binder.let([x], lambda x: case((call("isfinite", x()), x())))
