"""Exact integer arrays: int64 where every result fits, Python integers where one might not."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hansa_core.contract.types import INT64_MAX
from hansa_core.partial.exact import nearest_quotient

Wholes = npt.NDArray[Any]
"""One dimension of dtype int64, or of dtype object that holds Python integers."""

Mask = npt.NDArray[np.bool_]

_EXACT_DOUBLE = 2**53  # every integer up to it is a double


def all_of(masks: Sequence[Mask]) -> Mask:
    """Where every mask holds."""
    every: Mask = np.logical_and.reduce(masks)
    return every


def any_of(masks: Sequence[Mask]) -> Mask:
    """Where some mask holds."""
    some: Mask = np.logical_or.reduce(masks)
    return some


def filled(wholes: Wholes, cells: Mask, value: int) -> Wholes:
    """The same with one integer, of any size, in those cells."""
    fits = -INT64_MAX - 1 <= value <= INT64_MAX
    result: Wholes = np.where(cells, value if fits else np.array(value, dtype=object), wholes)
    return result


def magnitude(wholes: Wholes) -> int:
    """The largest absolute value; 0 of an empty array."""
    return max(int(wholes.max()), -int(wholes.min()), 0) if wholes.size else 0


def plus(left: Wholes, right: Wholes) -> Wholes:
    """The sums, element by element."""
    return _exactly(operator.add, left, right, magnitude(left) + magnitude(right))


def minus(left: Wholes, right: Wholes) -> Wholes:
    """The differences, element by element."""
    return _exactly(operator.sub, left, right, magnitude(left) + magnitude(right))


def times(left: Wholes, right: Wholes) -> Wholes:
    """The products, element by element."""
    return _exactly(operator.mul, left, right, max(magnitude(left), 1) * max(magnitude(right), 1))


def scaled(wholes: Wholes, factor: int) -> Wholes:
    """The products with one integer."""
    if factor == 1:
        return wholes
    reach = max(magnitude(wholes), 1) * abs(factor)
    return _narrow(wholes) * factor if reach <= INT64_MAX else wholes.astype(object) * factor


def narrowed(wholes: Wholes) -> Wholes:
    """The same as int64 where all fit."""
    return _narrow(wholes) if wholes.dtype == object and magnitude(wholes) <= INT64_MAX else wholes


def nearest_doubles(numerators: Wholes, denominators: Wholes) -> tuple[npt.NDArray[np.float64], Mask]:
    """The double nearest to each quotient, and which are doubles at all: not those beyond the greatest.

    `denominators`: none is 0. Up to 2**53 one IEEE division rounds once; above, Python's division of integers does.
    """
    if magnitude(numerators) <= _EXACT_DOUBLE and magnitude(denominators) <= _EXACT_DOUBLE:
        quotients = numerators.astype(np.float64) / denominators.astype(np.float64) + 0.0
        return quotients, np.ones(len(quotients), dtype=bool)
    return doubles(map(nearest_quotient, numerators.tolist(), denominators.tolist()), len(numerators))


def doubles(values: Any, size: int) -> tuple[npt.NDArray[np.float64], Mask]:
    """An iterable of `size` floats or None as an array with 0 for None, and which are not None."""
    listed = np.fromiter(values, dtype=object, count=size)
    known: Mask = np.array([value is not None for value in listed], dtype=bool)
    return np.where(known, listed, 0.0).astype(np.float64), known


def _exactly(operation: Callable[[Wholes, Wholes], Wholes], left: Wholes, right: Wholes, reach: int) -> Wholes:
    if reach <= INT64_MAX:
        return operation(_narrow(left), _narrow(right))
    return operation(left.astype(object), right.astype(object))


def _narrow(wholes: Wholes) -> Wholes:
    return wholes.astype(np.int64, copy=False)
