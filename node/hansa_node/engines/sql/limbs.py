"""Limbs of computed numbers as SQL: pieces of 31 bits, cut out of whole steps or of doubles."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Op
from hansa_core.plan.limbs import LIMB_BITS
from hansa_core.plan.measure import MeasuredArgument
from hansa_node.engines.sql.dialect import Dialect, SqlTypes
from hansa_node.engines.sql.syntax import Sql, binary


def limb(dialect: Dialect, column: Sql, place: int, measure: MeasuredArgument) -> Sql:
    """The limb at `place` of a computed column: of its steps, or of doubles that have too many steps."""
    is_top = place == measure.limbs - 1
    if measure.doubles is None or measure.fits_int64:
        return _of_steps(dialect, column, place, is_top=is_top)
    return _of_doubles(dialect, column, place, measure.doubles.grain, is_top=is_top)


def power_of_two(types: SqlTypes, exponent: int) -> Sql:
    """2 to the exponent, as a double that is exactly that."""
    return types.cast(exp.Literal.string(repr(2.0**exponent)), DataType.NUMBER)


def _of_steps(dialect: Dialect, column: Sql, place: int, *, is_top: bool) -> Sql:
    piece = dialect.numbers.bits_above(dialect.types.widened(column.copy()), LIMB_BITS * place)
    if not is_top:
        piece = dialect.numbers.bits_below(piece, LIMB_BITS)
    return dialect.types.cast(piece, DataType.INTEGER)


def _of_doubles(dialect: Dialect, column: Sql, place: int, grain: int, *, is_top: bool) -> Sql:
    """floor(s / 2**31i) - floor(s / 2**31(i+1)) · 2**31 of s steps: floors and the difference are exact."""
    piece = _floor(dialect, column, grain + LIMB_BITS * place)
    if not is_top:
        floor = _floor(dialect, column, grain + LIMB_BITS * (place + 1))
        piece = binary(exp.Sub, piece, binary(exp.Mul, floor, power_of_two(dialect.types, LIMB_BITS)))
    return dialect.types.cast(piece, DataType.INTEGER)


def _floor(dialect: Dialect, column: Sql, exponent: int) -> Sql:
    scaled = binary(exp.Mul, column.copy(), power_of_two(dialect.types, -exponent))
    return dialect.numbers.whole(Op.FLOOR, scaled)
