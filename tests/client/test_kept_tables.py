"""An own table beside an answer: read back as it was joined, and what is no table is not read."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.evidence.kept_tables import read_kept, write_kept
from hansa.question.own_tables import read_own_tables
from hansa_core.errors import PeerError, RefusedError

COLUMNS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.string(): st.text(max_size=9),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.decimal128(38, 3): st.integers(-(10**35), 10**35).map(lambda whole: Decimal(whole).scaleb(-3)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Any table that can be joined, of one chunk or several."""
    rows = draw(st.integers(0, 5))
    types = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4))
    arrays = []
    for kind in types:
        values = st.lists(st.none() | COLUMNS[kind], min_size=rows, max_size=rows)
        arrays.append(pa.array(draw(values), kind))
    table = pa.Table.from_arrays(arrays, names=[f"c{index}" for index in range(len(types))])
    return pa.concat_tables([table, table.slice(draw(st.integers(0, rows)))])


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_is_read_back_as_it_was_joined(table: pa.Table) -> None:
    (joined,) = read_own_tables({"mine": table}).values()
    assert read_kept("mine", write_kept(joined)).equals(joined)


def test_equal_tables_have_equal_bytes_so_a_hash_stands_for_one() -> None:
    columns = {"day": [date(2024, 2, 29)], "at": [datetime(2024, 1, 1)], "text": ["\u00df"], "n": [None]}
    (one,), (other,) = (read_own_tables({"mine": pa.table(columns)}).values() for _ in range(2))
    assert write_kept(one) == write_kept(other)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_that_are_no_table_of_the_language_are_refused_and_crash_nothing(data: st.DataObject) -> None:
    content = bytearray(write_kept(pa.table({"kind": ["cog", None, "hulk"], "crew": [1, 2, None]})))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PeerError, RefusedError):
        read_kept("mine", bytes(content[: data.draw(st.integers(0, len(content)))]))


def test_a_table_of_other_types_than_can_be_joined_is_refused() -> None:
    with pytest.raises(RefusedError, match="own_table"):
        read_kept("mine", write_kept(pa.table({"nested": [[1]]})))


def test_a_kept_table_that_is_packed_in_a_way_that_only_arrow_knows_is_refused() -> None:
    """Arrow honours a codec that is named in a message's metadata; nobody would count what it unpacks to."""
    table = pa.table({"kind": ["cog"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table.to_batches()[0], custom_metadata={"ARROW:experimental_compression": "zstd"})
    with pytest.raises(PeerError):
        read_kept("mine", bytes(sink.getvalue()))
