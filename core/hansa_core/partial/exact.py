"""Correctly rounded doubles of exact numbers."""

from __future__ import annotations

import math

_ROOT_BITS = 64  # of the square root: more than a double's 53, so that the last bit below them decides all ties


def nearest_quotient(numerator: int, denominator: int) -> float | None:
    """The double nearest to the quotient; None beyond the doubles: the language's rule for what is not finite."""
    try:
        return numerator / denominator + 0.0  # Python divides integers with one rounding
    except OverflowError:
        return None


def nearest_root(numerator: int, denominator: int) -> float | None:
    """The double nearest to the square root of a quotient that is not negative."""
    # Scaled by 4**shift the quotient has twice _ROOT_BITS bits or more, and its integer root _ROOT_BITS.
    shift = max(0, _ROOT_BITS + (denominator.bit_length() - numerator.bit_length() + 1) // 2)
    quotient, rest = divmod(numerator << 2 * shift, denominator)
    root = math.isqrt(quotient)
    inexact = rest != 0 or root * root != quotient
    return nearest_quotient(2 * root + inexact, 2 << shift)
