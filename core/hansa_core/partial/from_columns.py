"""Partials built by column: cells put into domain order with NumPy, in buffers that hold nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.array_values import array_from_numbers, array_from_wholes, numbers_of, validity_of
from hansa_core.partial.key_codes import Codes, cell_codes, key_codes
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.partial import partial_schema
from hansa_core.plan.plan import Plan


def partial_from_columns(
    plan: Plan, contract: Contract, keys: Sequence[pa.Array], moments: Sequence[MomentColumn]
) -> pa.Table:
    """The same partial as `partial_from_rows` builds of these cells, bit for bit.

    `keys`: in the types of `partial_schema`, with totals the groupings' numbers last; whatever stands behind a null is
    left behind. `moments`: as `moments_of` lists them. Raises ValueError if two cells have the same keys, or if a plan
    without keys does not have exactly one cell.
    """
    cells = len(moments[0])
    if not plan.key_width and cells != 1:
        raise ValueError(f"a plan without keys has exactly one cell, not {cells}")
    codes = cell_codes(key_codes(keys, plan, contract), cells)
    order = np.argsort(codes)
    if (codes[order[1:]] == codes[order[:-1]]).any():
        raise ValueError("two cells of a partial have the same keys")
    schema = partial_schema(plan, contract)
    arrays = [_in_order(key, order) for key in keys]
    kinds = schema.types[len(arrays) :]
    arrays += [
        array_from_wholes(moment.values[order], moment.known[order], kind)
        for moment, kind in zip(moments, kinds, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _in_order(key: pa.Array, order: Codes) -> pa.Array:
    if pa.types.is_string(key.type) or pa.types.is_boolean(key.type):
        return key.take(array_from_numbers(order, np.ones(len(order), dtype=bool), pa.int64()))
    numbers = numbers_of(key)[order]
    if pa.types.is_floating(key.type):
        numbers = numbers + 0.0  # minus zero and zero are one key
    return array_from_numbers(numbers, validity_of(key)[order], key.type)
