"""The double nearest to an exact number."""

from __future__ import annotations

import math
from fractions import Fraction

_ROOT_BITS = 64  # of the square root: more than a double's 53, so that the last bit below them decides all ties


def nearest_float(value: Fraction) -> float | None:
    """Correctly rounded; None beyond the doubles: the language's rule for a number that is not finite."""
    try:
        return float(value) + 0.0
    except OverflowError:
        return None


def nearest_root(square: Fraction) -> float | None:
    """The square root of what is not negative, correctly rounded."""
    # Scaled by 4**shift the quotient has twice _ROOT_BITS bits or more, and its integer root _ROOT_BITS.
    shift = max(0, _ROOT_BITS + (square.denominator.bit_length() - square.numerator.bit_length() + 1) // 2)
    quotient, rest = divmod(square.numerator << 2 * shift, square.denominator)
    root = math.isqrt(quotient)
    inexact = rest != 0 or root * root != quotient
    return nearest_float(Fraction(2 * root + inexact, 2 << shift))
