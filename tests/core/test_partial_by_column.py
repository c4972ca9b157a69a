"""A partial that is built by column is the one that is built cell by cell, to the byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.types import Value
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.partial import columns_of_partial, partial_from_rows, rows_of, write_partial
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Column
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIPS, plans, stored_rows

COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
Row = tuple[Value | None, ...]


def stacked_rows(plan: Plan, tables: Sequence[pa.Table]) -> Iterator[Row]:
    """The cells of all groupings, as the definition has them: NULL in each key that a total is over."""
    for number, (kept, table) in enumerate(zip(plan.groupings, tables, strict=True)):
        for row in rows_of(table):
            held = dict(zip(kept, row, strict=False))
            yield (*(held.get(index) for index in range(len(plan.keys))), number, *row[len(kept) :])


def in_another_form(key: pa.Array) -> pa.Array:
    """The same key, with minus zero for zero and something else behind each null."""
    if pa.types.is_floating(key.type):
        return pc.if_else(pc.equal(key, 0.0), pa.scalar(-0.0), key)
    if key.type == pa.int64():
        return pc.if_else(key.is_valid(), pc.fill_null(key, 12345), pa.scalar(None, pa.int64()))
    return key


@settings(max_examples=60)
@given(st.data())
def test_by_column_and_by_cell_the_bytes_are_the_same(data: st.DataObject) -> None:
    plan = canonicalise(data.draw(plans(totals=data.draw(st.booleans()))))
    engine = ReferenceEngine(TRIPS, data.draw(st.lists(stored_rows(), max_size=12)))
    tables = [engine.aggregate(one, max_cells=10**6) for one in plain_plans(plan)]
    cells = list(stacked_rows(plan, tables)) if plan.totals else list(rows_of(tables[0]))
    hidden = data.draw(st.sets(st.integers(0, 5)))
    cells = [
        (*row[: plan.key_width], *(None if (at + place) % 7 in hidden else one for place, one in enumerate(figures)))
        for at, row in enumerate(cells)
        for figures in [row[plan.key_width :]]
    ]
    expected = partial_from_rows(plan, TRIPS, cells)
    order = data.draw(st.permutations(range(len(cells))))
    keys, moments = columns_of_partial(
        expected.take(pa.array(order, pa.int64())).combine_chunks(), plan, moments_of(plan, TRIPS)
    )
    behind = [MomentColumn(np.where(one.known, one.values, 7), one.known) for one in moments.values()]
    found = partial_from_columns(plan, TRIPS, [in_another_form(key) for key in keys], behind)
    assert found.equals(expected)
    assert write_partial(found) == write_partial(expected)
    if plan.totals:
        assert write_partial(stack(plan, TRIPS, tables)) == write_partial(
            partial_from_rows(plan, TRIPS, stacked_rows(plan, tables))
        )


def counted(keys: Sequence[float | None]) -> tuple[Plan, list[pa.Array], list[MomentColumn]]:
    plan = Plan(TRIPS.id, None, (Column("lat"),), (COUNT,))
    ones = np.ones(len(keys), dtype=np.int64)
    return plan, [pa.array(keys, pa.float64())], [MomentColumn(ones, ones > 0)]


@pytest.mark.parametrize("keys", [(0.0, -0.0), (None, 1.0, None)])
def test_two_cells_with_the_same_keys_are_no_partial(keys: Sequence[float | None]) -> None:
    plan, columns, moments = counted(keys)
    with pytest.raises(ValueError, match="same keys"):
        partial_from_columns(plan, TRIPS, columns, moments)


@pytest.mark.parametrize("count", [0, 2])
def test_a_plan_without_keys_has_exactly_one_cell(count: int) -> None:
    ones = np.ones(count, dtype=np.int64)
    with pytest.raises(ValueError, match="exactly one cell"):
        partial_from_columns(Plan(TRIPS.id, None, (), (COUNT,)), TRIPS, [], [MomentColumn(ones, ones > 0)])


def test_minus_zero_is_written_as_zero() -> None:
    plan, columns, moments = counted([-0.0, None, 2.0])
    found = partial_from_columns(plan, TRIPS, columns, moments)
    assert write_partial(found) == write_partial(partial_from_rows(plan, TRIPS, [(0.0, 1), (2.0, 1), (None, 1)]))


def test_a_moment_of_more_digits_than_a_partial_has_is_an_error() -> None:
    plan, columns, _ = counted([1.0])
    huge = MomentColumn(np.array([10**38], dtype=object), np.array([True]))
    with pytest.raises(ValueError, match="38 digits"):
        partial_from_columns(plan, TRIPS, columns, [huge])


def test_what_stands_behind_a_null_is_left_behind() -> None:
    plan, _, _ = counted([])
    key = pc.if_else(pa.array([True, False]), pa.array([1.5, 123.25]), pa.scalar(None, pa.float64()))
    secret = MomentColumn(np.array([3, 424242]), np.array([True, False]))
    sent = write_partial(partial_from_columns(plan, TRIPS, [key], [secret]))
    assert (424242).to_bytes(16, "little") not in sent
    assert np.float64(123.25).tobytes() not in sent
