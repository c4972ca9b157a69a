"""Variances, correlations and fitted lines from exact sums over samples, cell by cell of a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from hansa_core.partial.exact import nearest_root
from hansa_core.partial.wholes import Mask, Wholes, doubles, minus, nearest_doubles, scaled, times
from hansa_core.plan.plan import AggregateFunction

Doubles = tuple[npt.NDArray[np.float64], Mask]
"""The doubles nearest to the exact values, and where there is one: elsewhere the statistic is undefined."""


def variance(total: Wholes, squares: Wholes, count: Wholes, quantum: Fraction, *, root: bool, less: int) -> Doubles:
    """The variance, or its root, of `count` values in quanta with this sum and these squares.

    `less`: what is taken off the count to divide by: 1 of a sample, 0 of all there are. None without anything left.
    """
    spread = minus(times(count, squares), times(total, total))
    numerator = scaled(spread, quantum.numerator**2)
    denominator = scaled(times(count, count - less), quantum.denominator**2)
    return (_roots if root else _quotients)(numerator, denominator, count > less)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """Sums over the rows where y and x are both not NULL, in quanta. `yy`, `xx`: where the statistic needs them."""

    count: Wholes
    y: Wholes
    x: Wholes
    xy: Wholes
    yy: Wholes | None = None
    xx: Wholes | None = None

    @property
    def products(self) -> Wholes:
        """count · Σ (x − mean x)(y − mean y)."""
        return minus(times(self.count, self.xy), times(self.x, self.y))

    @property
    def x_squares(self) -> Wholes:
        """count · Σ (x − mean x)²."""
        assert self.xx is not None
        return minus(times(self.count, self.xx), times(self.x, self.x))

    @property
    def y_squares(self) -> Wholes:
        """count · Σ (y − mean y)²."""
        assert self.yy is not None
        return minus(times(self.count, self.yy), times(self.y, self.y))


def pair_statistic(function: AggregateFunction, sums: PairSums, y_quantum: Fraction, x_quantum: Fraction) -> Doubles:
    """The statistic of each cell.

    COVAR_SAMP needs two pairs; CORR two values of each; the functions of a line two values of x, all others a pair.
    REGR_R2 of a constant y is 1: the line meets every point. Source: ISO/IEC 9075-2, 10.9.
    """
    products, has_pairs = sums.products, sums.count > 0
    match function:
        case AggregateFunction.COVAR_SAMP:
            pairs = times(sums.count, sums.count - 1)
            return _in_units(products, pairs, y_quantum * x_quantum, sums.count >= 2)
        case AggregateFunction.COVAR_POP:
            return _in_units(products, times(sums.count, sums.count), y_quantum * x_quantum, has_pairs)
        case AggregateFunction.REGR_SXY:
            return _in_units(products, sums.count, y_quantum * x_quantum, has_pairs)
        case AggregateFunction.REGR_AVGX:
            return _in_units(sums.x, sums.count, x_quantum, has_pairs)
        case AggregateFunction.REGR_AVGY:
            return _in_units(sums.y, sums.count, y_quantum, has_pairs)
        case AggregateFunction.REGR_SXX:
            return _in_units(sums.x_squares, sums.count, x_quantum**2, has_pairs)
        case AggregateFunction.REGR_SYY:
            return _in_units(sums.y_squares, sums.count, y_quantum**2, has_pairs)
        case _:
            return _line(function, sums, y_quantum, x_quantum)


def _line(function: AggregateFunction, sums: PairSums, y_quantum: Fraction, x_quantum: Fraction) -> Doubles:
    """What needs the squares of both: how near the pairs stand to a line, and which."""
    products = sums.products
    x_squares = sums.x_squares
    has_line = x_squares != 0
    match function:
        case AggregateFunction.CORR:
            shared, both = times(products, products), times(x_squares, sums.y_squares)
            size, known = _roots(shared, both, both != 0)
            return np.where(products < 0, -size, size) + 0.0, known
        case AggregateFunction.REGR_SLOPE:
            unit = y_quantum / x_quantum
            return _quotients(scaled(products, unit.numerator), scaled(x_squares, unit.denominator), has_line)
        case AggregateFunction.REGR_INTERCEPT:
            height = minus(times(sums.y, x_squares), times(products, sums.x))
            numerator = scaled(height, y_quantum.numerator)
            denominator = scaled(times(x_squares, sums.count), y_quantum.denominator)
            return _quotients(numerator, denominator, has_line)
        case AggregateFunction.REGR_R2:
            shared, both = times(products, products), times(x_squares, sums.y_squares)
            value, known = _quotients(shared, both, both != 0)
            constant = has_line & (both == 0)
            return np.where(constant, 1.0, value), known | constant
        case _:
            raise AssertionError(f"{function} is no statistic of pairs")


def _in_units(numerator: Wholes, denominator: Wholes, unit: Fraction, defined: Mask) -> Doubles:
    return _quotients(scaled(numerator, unit.numerator), scaled(denominator, unit.denominator), defined)


def _quotients(numerator: Wholes, denominator: Wholes, defined: Mask) -> Doubles:
    return _where_defined(nearest_doubles, numerator, denominator, defined)


def _roots(numerator: Wholes, denominator: Wholes, defined: Mask) -> Doubles:
    return _where_defined(_nearest_roots, numerator, denominator, defined)


def _where_defined(
    nearest: Callable[[Wholes, Wholes], Doubles], numerator: Wholes, denominator: Wholes, defined: Mask
) -> Doubles:
    defined = defined.astype(bool)
    values, finite = nearest(np.where(defined, numerator, 0), np.where(defined, denominator, 1))
    return values, finite & defined


def _nearest_roots(numerator: Wholes, denominator: Wholes) -> Doubles:
    return doubles(map(nearest_root, numerator.tolist(), denominator.tolist()), len(numerator))
