"""Width of figures: whether a column's values fit 128 bits while they are read and rounded exactly."""

from __future__ import annotations

from fractions import Fraction

LEAST_DECIMALS = 9
"""Of a source's text, which are read exactly whatever the quantum."""

_MOST = 10**38  # 128-bit integers hold a little more


def decimals_of(quantum: Fraction) -> int:
    """How many decimals of a figure are read before it is rounded to whole quanta."""
    return max(LEAST_DECIMALS, digits(quantum.denominator))


def is_readable(quantum: Fraction, largest: Fraction) -> bool:
    """Whether figures up to `largest`, in the column's own unit, are turned into quanta without leaving 128 bits."""
    decimals = decimals_of(quantum)
    most = _power(digits(int(largest) + 1))
    return max(most * _power(decimals) * quantum.denominator, quantum.numerator * _power(decimals)) * 2 < _MOST


def digits(value: int) -> int:
    """How many decimal digits a whole number has."""
    return len(str(abs(value)))


def _power(exponent: int) -> int:
    return int(10**exponent)
