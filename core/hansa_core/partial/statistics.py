"""Variances, correlations and fitted lines from exact sums over samples."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hansa_core.partial.exact import nearest_float, nearest_root
from hansa_core.plan.plan import AggregateFunction


def sample_variance(total: int, squares: int, count: int, quantum: Fraction) -> Fraction | None:
    """Of `count` values in quanta with this sum and sum of squares; None below two values."""
    if count < 2:
        return None
    return Fraction(count * squares - total * total, count * (count - 1)) * quantum**2


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """Sums over the rows where y and x are both not NULL, in quanta. `yy`, `xx`: 0 where only products are needed."""

    count: int
    y: int
    x: int
    xy: int
    yy: int = 0
    xx: int = 0

    @property
    def deviation_products(self) -> int:
        """count · Σ (x − mean x)(y − mean y)."""
        return self.count * self.xy - self.x * self.y

    @property
    def x_deviation_squares(self) -> int:
        """count · Σ (x − mean x)²."""
        return self.count * self.xx - self.x * self.x

    @property
    def y_deviation_squares(self) -> int:
        """count · Σ (y − mean y)²."""
        return self.count * self.yy - self.y * self.y


def pair_statistic(
    function: AggregateFunction, sums: PairSums, y_quantum: Fraction, x_quantum: Fraction
) -> float | None:
    """The double nearest to the exact value; None where it is undefined.

    COVAR_SAMP needs two pairs; CORR two values of each; the REGR_ functions two values of x. REGR_R2 of a constant y is
    1: the line meets every point. Source: ISO/IEC 9075-2, 10.9.
    """
    xy, xx, yy = sums.deviation_products, sums.x_deviation_squares, sums.y_deviation_squares
    match function:
        case AggregateFunction.COVAR_SAMP:
            if sums.count < 2:
                return None
            return nearest_float(Fraction(xy, sums.count * (sums.count - 1)) * y_quantum * x_quantum)
        case AggregateFunction.CORR:
            if not xx or not yy:
                return None
            size = nearest_root(Fraction(xy * xy, xx * yy))
            return -size if size and xy < 0 else size
        case _ if not xx:
            return None
        case AggregateFunction.REGR_SLOPE:
            return nearest_float(Fraction(xy, xx) * y_quantum / x_quantum)
        case AggregateFunction.REGR_INTERCEPT:
            return nearest_float((sums.y - Fraction(xy, xx) * sums.x) / sums.count * y_quantum)
        case AggregateFunction.REGR_R2:
            return nearest_float(Fraction(xy * xy, xx * yy)) if yy else 1.0
        case _:
            raise AssertionError(f"{function} is no statistic of pairs")
