"""Limbs of computed numbers as DuckDB SQL: pieces of 31 bits, cut out of whole steps or of doubles."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.limbs import LIMB_BITS
from hansa_core.plan.measure import MeasuredArgument
from hansa_node.engines.duckdb.nodes import Sql, binary, call, cast, huge, whole


def limb(column: Sql, place: int, measure: MeasuredArgument) -> Sql:
    """The limb at `place` of a computed column: of its steps, or of doubles that have too many steps."""
    is_top = place == measure.limbs - 1
    if measure.doubles is None or measure.fits_int64:
        return _of_steps(column, place, is_top=is_top)
    return _of_doubles(column, place, measure.doubles.grain, is_top=is_top)


def power_of_two(exponent: int) -> Sql:
    """2 to the exponent, as a double that is exactly that."""
    return cast(exp.Literal.string(repr(2.0**exponent)), DataType.NUMBER)


def _of_steps(column: Sql, place: int, *, is_top: bool) -> Sql:
    shifted = binary(exp.BitwiseRightShift, huge(column.copy()), whole(LIMB_BITS * place))
    piece = shifted if is_top else binary(exp.BitwiseAnd, shifted, huge(whole((1 << LIMB_BITS) - 1)))
    return cast(piece, DataType.INTEGER)


def _of_doubles(column: Sql, place: int, grain: int, *, is_top: bool) -> Sql:
    """floor(s / 2**31i) - floor(s / 2**31(i+1)) · 2**31 of s steps: floors and the difference are exact."""
    piece = _floor(column, grain + LIMB_BITS * place)
    if not is_top:
        above = binary(exp.Mul, _floor(column, grain + LIMB_BITS * (place + 1)), power_of_two(LIMB_BITS))
        piece = binary(exp.Sub, piece, above)
    return cast(piece, DataType.INTEGER)


def _floor(column: Sql, exponent: int) -> Sql:
    return call("floor", binary(exp.Mul, column.copy(), power_of_two(-exponent)))
