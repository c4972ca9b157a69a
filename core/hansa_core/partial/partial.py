"""A partial: a city's mergeable state as Arrow, one row per cell, keys then exact integer moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa

from hansa_core.contract.column_names import GROUPING_COLUMN, key_column, moment_column
from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import DataType, Value
from hansa_core.errors import PeerError
from hansa_core.partial.array_values import numbers_of, one_array, validity_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.domain_order import cell_order
from hansa_core.partial.ipc_read import read_stream
from hansa_core.partial.key_codes import is_in_domain, is_rising, key_codes
from hansa_core.partial.moment_columns import MomentColumn, read_moments
from hansa_core.partial.plausible import first_implausible
from hansa_core.partial.wholes import Mask
from hansa_core.plan.expression import Column
from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_CELLS
from hansa_core.plan.moments import Moment, moments_of
from hansa_core.plan.plan import Plan
from hansa_core.plan.remembered import remembered
from hansa_core.plan.typing import column_types, type_of

MOMENT_TYPE = pa.decimal128(38, 0)
_WORTH_PACKING_BYTES = 4096

ARROW_TYPES = {
    DataType.BOOLEAN: pa.bool_(),
    DataType.INTEGER: pa.int64(),
    DataType.NUMBER: pa.float64(),
    DataType.TEXT: pa.string(),
    DataType.DATE: pa.date32(),
    DataType.TIMESTAMP: pa.timestamp("us"),
}

Row = tuple[Value | None, ...]
"""One cell: the values of the keys, then the moments. A moment that is None is suppressed."""


@remembered
def partial_schema(plan: Plan, contract: Contract) -> pa.Schema:
    """Keys `k0…` in the plan's order, with totals the number of the cell's grouping, then moments `m0…` as `moments_of`
    lists them. The plan is canonical."""
    types = column_types(contract)
    keys = [pa.field(key_column(index), ARROW_TYPES[type_of(key, types)]) for index, key in enumerate(plan.keys)]
    if plan.totals:
        keys.append(pa.field(GROUPING_COLUMN, pa.int64()))
    moments = [pa.field(moment_column(index), MOMENT_TYPE) for index in range(len(moments_of(plan, contract)))]
    return pa.schema([*keys, *moments])


def partial_from_rows(plan: Plan, contract: Contract, rows: Iterable[Sequence[Value | None]]) -> pa.Table:
    """Build a partial anew from its cells, in domain order and without anything else in its buffers.

    Raises ValueError if two cells have the same keys, or if a plan without keys does not have exactly one cell.
    """
    width = plan.key_width
    place = cell_order(plan, contract)
    cells = sorted((_normal(row) for row in rows), key=lambda row: place(row[:width]))
    if not width and len(cells) != 1:
        raise ValueError(f"a plan without keys has exactly one cell, not {len(cells)}")
    if any(one[:width] == next_[:width] for one, next_ in pairwise(cells)):
        raise ValueError("two cells of a partial have the same keys")
    schema = partial_schema(plan, contract)
    columns = list(zip(*cells, strict=True)) if cells else [()] * len(schema)
    arrays = [array_of(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def rows_of(table: pa.Table) -> Iterator[Row]:
    """The cells of a partial in its own order; moments as ints."""
    columns = [_wholes(column) if column.type == MOMENT_TYPE else column.to_pylist() for column in table.columns]
    return zip(*columns, strict=True)


def _wholes(moments: pa.ChunkedArray) -> list[int | None]:
    try:
        wholes: list[int | None] = moments.cast(pa.int64()).to_pylist()  # many times faster than decimals one by one
    except pa.ArrowInvalid:  # a moment beyond 64 bits
        return [None if value is None else int(value) for value in moments.to_pylist()]
    return wholes


def write_partial(table: pa.Table) -> bytes:
    """The partial as an Arrow IPC stream of one batch, zstd inside where that is worth it."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd" if table.nbytes > _WORTH_PACKING_BYTES else None)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_batch(_one_batch(table))
    return bytes(sink.getvalue())


def read_partial(ipc: bytes, plan: Plan, contract: Contract) -> pa.Table:
    """Read what a city sent for this plan. Raises PeerError on anything that no honest city writes."""
    table = _read_stream(ipc, partial_schema(plan, contract))
    if table.num_rows > MAX_CELLS:
        raise PeerError(f"the partial has more than {MAX_CELLS} cells")
    if not plan.keys and table.num_rows != 1:
        raise PeerError("a plan without keys has exactly one cell")
    keys, moments = columns_of_partial(table, plan, moments_of(plan, contract))
    _check_keys(keys, plan, contract)
    broken = first_implausible(moments, contract)
    if broken is not None:
        raise PeerError(f"the partial has a {broken}")
    return table


def columns_of_partial(
    table: pa.Table, plan: Plan, moments: Sequence[Moment]
) -> tuple[tuple[pa.Array, ...], dict[Moment, MomentColumn]]:
    """The key columns of a partial, with totals the groupings' numbers last, and its moments: those of the plan."""
    width = plan.key_width
    keys = tuple(one_array(column) for column in table.columns[:width])
    return keys, read_moments(moments, [one_array(column) for column in table.columns[width:]])


def _read_stream(ipc: bytes, schema: pa.Schema) -> pa.Table:
    given, batches = read_stream(ipc, max_bytes=MAX_ANSWER_BYTES)
    if not given.equals(schema, check_metadata=True):
        raise PeerError("the partial's schema is not the one of the plan")
    if len(batches) != 1:
        raise PeerError("the partial is not one Arrow batch")
    return pa.Table.from_batches(batches)


def _check_keys(keys: Sequence[pa.Array], plan: Plan, contract: Contract) -> None:
    kept = _kept_keys(keys, plan)
    for key, column, is_kept in zip(plan.keys, keys, kept, strict=False):
        known = validity_of(column)
        if (known & ~is_kept).any():
            raise PeerError("the partial has a total with a key that it is over")
        declared = contract.columns[key.name] if isinstance(key, Column) else None
        if declared is not None and declared.required and (is_kept & ~known).any():
            raise PeerError(f"the partial has a NULL in {declared.name}, which is required")
        if declared is not None and declared.domain is not None and not is_in_domain(column, declared.domain).all():
            raise PeerError(f"the partial has a {declared.name} that is not in the contract's domain")
        _check_values(column, known)
    if not is_rising(key_codes(keys, plan, contract), len(keys[0]) if keys else 1):
        raise PeerError("the partial's cells are not in domain order, each once")


def _check_values(column: pa.Array, known: Mask) -> None:
    """Doubles are finite and no minus zero, days and moments lie in the years 1 to 9999."""
    if pa.types.is_floating(column.type):
        numbers = numbers_of(column)[known]
        if not np.isfinite(numbers).all() or (np.signbit(numbers) & (numbers == 0)).any():
            raise PeerError("the partial has a key that is not finite, or minus zero")
    elif pa.types.is_temporal(column.type):
        first, last = (date.min, date.max) if pa.types.is_date(column.type) else (datetime.min, datetime.max)
        numbers = numbers_of(column)[known]
        if ((numbers < whole_of(first)) | (numbers > whole_of(last))).any():
            raise PeerError("the partial holds a value outside its type")


def _kept_keys(keys: Sequence[pa.Array], plan: Plan) -> list[Mask]:
    """For each key, in which cells it is grouped by. With totals every cell is of a grouping that was asked."""
    if not plan.totals:
        return [np.ones(len(column), dtype=bool) for column in keys]
    numbers = numbers_of(keys[-1])
    if not (validity_of(keys[-1]) & (numbers >= 0) & (numbers < len(plan.groupings))).all():
        raise PeerError("the partial has a cell of a grouping that was not asked")
    if any(not kept and np.count_nonzero(numbers == number) != 1 for number, kept in enumerate(plan.groupings)):
        raise PeerError("a total over all keys has exactly one cell")
    keeping = np.array([[key in kept for key in range(len(plan.keys))] for kept in plan.groupings])
    return list(keeping[numbers].T)


def _normal(row: Sequence[Value | None]) -> Row:
    """The cell with minus zero written as zero: the two are one key."""
    return tuple(value + 0.0 if isinstance(value, float) else value for value in row)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
