"""Cells by dense codes: the keys of a partial's cells as integers whose order is the domain order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.array_values import numbers_of, validity_of
from hansa_core.partial.wholes import Mask
from hansa_core.plan.expression import Column
from hansa_core.plan.plan import Plan

Codes = npt.NDArray[np.int64]

_MOST_CODES = 2**62


def key_codes(columns: Sequence[pa.Array], plan: Plan, contract: Contract) -> tuple[Codes, ...]:
    """Each key column as codes that compare as `cell_order` places its values.

    `columns`: the plan's keys, and with totals the numbers of the groupings last; all of one length.
    """
    domains = [contract.columns[key.name].domain if isinstance(key, Column) else None for key in plan.keys]
    if plan.totals:
        domains.append(None)
    return tuple(_codes(column, domain or ()) for column, domain in zip(columns, domains, strict=True))


def cell_codes(codes: Sequence[Codes], cells: int) -> Codes:
    """One code for each cell, from those of its keys: equal and ordered as the keys are, the first key first."""
    joint = np.zeros(cells, dtype=np.int64)
    most = 1
    for column in codes:
        width = int(column.max()) + 1 if cells else 1
        if most * width > _MOST_CODES:
            joint = np.unique(joint, return_inverse=True)[1].astype(np.int64)
            most = cells
        joint = joint * width + column
        most *= width
    return joint


def is_rising(codes: Sequence[Codes], cells: int) -> bool:
    """Whether the cells stand in domain order, each once."""
    joint = cell_codes(codes, cells)
    return bool((joint[1:] > joint[:-1]).all())


def is_in_domain(column: pa.Array, domain: Sequence[Value]) -> Mask:
    """Whether each value lies in the domain; true of a null."""
    return (_places_in(column, domain) >= 0) | ~validity_of(column)


def _codes(column: pa.Array, domain: Sequence[Value]) -> Codes:
    """In the domain by its place there, outside it by value, and NULL last."""
    outside = _ranks(column) + len(domain)
    if domain:
        place = _places_in(column, domain)
        outside = np.where(place >= 0, place, outside)
    return np.where(validity_of(column), outside, len(column) + len(domain))


def _places_in(column: pa.Array, domain: Sequence[Value]) -> Codes:
    """The place of each value in the domain; -1 where it is not in it."""
    values, index = _distinct(column)
    place = {value: number for number, value in enumerate(domain)}
    return np.fromiter((place.get(value, -1) for value in values), dtype=np.int64, count=len(values))[index]


def _ranks(column: pa.Array) -> Codes:
    """Dense ranks by value, text by code point."""
    if pa.types.is_string(column.type):
        values, index = _distinct(column)
        order = {value: rank for rank, value in enumerate(sorted(values))}
        return np.fromiter((order[value] for value in values), dtype=np.int64, count=len(values))[index]
    return np.unique(numbers_of(column), return_inverse=True)[1].astype(np.int64)


def _distinct(column: pa.Array) -> tuple[list[Value], Codes]:
    """The values that occur, and for each element which of them it is; anything behind a null."""
    encoded = column.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    if not values:  # nothing but nulls
        values = [""]
    return values, np.where(validity_of(column), numbers_of(encoded.indices), 0).astype(np.int64)
