"""A partial's bytes hold its cells and nothing else, and hostile bytes end in PeerError."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.partial.partial import (
    MOMENT_TYPE,
    partial_from_rows,
    partial_schema,
    read_partial,
    rows_of,
    write_partial,
)
from hansa_core.plan.expression import Column
from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_CELLS
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_strategies import TRIPS

FARE = Aggregate(AggregateFunction.SUM, "fare")
PLAN = Plan(TRIPS.id, None, (Column("mode"), Column("lat"), Column("day")), (FARE,))
TOTAL = Plan(TRIPS.id, None, (), (FARE,))
ROWS = [
    ("bus", -0.0, None, 3, 12),
    ("tram", None, date(2024, 5, 1), None, None),
    ("bus", None, date(2024, 5, 1), 1, -400),
    ("bus", -1.5, date(2024, 5, 1), 0, 0),
]


def table(*rows: tuple[object, ...]) -> pa.Table:
    """A table in the plan's schema, as a peer may write it: in any order."""
    schema = partial_schema(PLAN, TRIPS)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def stream(given: pa.Table, *, batches: int = 1, **options: object) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, given.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for _ in range(batches):
            writer.write_table(given)
    return bytes(sink.getvalue())


HONEST = write_partial(partial_from_rows(PLAN, TRIPS, ROWS))


def test_cells_come_back_as_they_were_in_domain_order() -> None:
    assert list(rows_of(read_partial(HONEST, PLAN, TRIPS))) == [ROWS[1], ROWS[3], ("bus", 0.0, None, 3, 12), ROWS[2]]


def test_the_order_of_rows_leaves_no_trace() -> None:
    assert write_partial(partial_from_rows(PLAN, TRIPS, ROWS[::-1])) == HONEST


def test_minus_zero_is_written_as_zero() -> None:
    assert "-0.0" not in {repr(row[1]) for row in rows_of(read_partial(HONEST, PLAN, TRIPS))}


def test_two_cells_with_the_same_keys_are_no_partial() -> None:
    with pytest.raises(ValueError, match="same keys"):
        partial_from_rows(PLAN, TRIPS, [("bus", 0.0, None, 1, 1), ("bus", -0.0, None, 1, 1)])


@pytest.mark.parametrize("count", [0, 2])
def test_a_plan_without_keys_has_exactly_one_cell(count: int) -> None:
    with pytest.raises(ValueError, match="exactly one cell"):
        partial_from_rows(TOTAL, TRIPS, [(1, 1)] * count)


def test_an_empty_partial_round_trips() -> None:
    assert read_partial(write_partial(partial_from_rows(PLAN, TRIPS, [])), PLAN, TRIPS).num_rows == 0


def test_null_slots_and_padding_hold_only_zeros() -> None:
    """A suppressed number must not stand in the buffer behind its null."""
    for column in read_partial(HONEST, PLAN, TRIPS).columns:
        (chunk,) = column.chunks
        values = chunk.buffers()[-1].to_pybytes()
        if chunk.type in (MOMENT_TYPE, pa.float64(), pa.date32()):
            width = chunk.type.bit_width // 8
            for slot, is_null in enumerate(chunk.is_null().to_pylist()):
                if is_null:
                    assert values[slot * width : (slot + 1) * width] == bytes(width)
            assert not any(values[len(chunk) * width :])


def test_a_masked_table_keeps_its_secret_out_of_the_bytes() -> None:
    masked = [(keys[0], keys[1], keys[2], None, None) for keys in ROWS]
    rebuilt = write_partial(partial_from_rows(PLAN, TRIPS, masked))
    assert (12).to_bytes(16, "little", signed=True) not in rebuilt
    assert (-400).to_bytes(16, "little", signed=True) not in rebuilt


def test_a_slice_does_not_carry_the_rest_along() -> None:
    whole = partial_from_rows(PLAN, TRIPS, ROWS)
    assert b"tram" not in write_partial(whole.slice(1, 2))


def bomb() -> bytes:
    """A few kilobytes that unpack to more than an answer may have: one endless key."""
    endless = table(("bus", None, None, 0, 0)).set_column(0, "k0", pa.array(["x" * (MAX_ANSWER_BYTES + 1)]))
    return stream(endless, compression="zstd")


def lying_bomb() -> bytes:
    """A packed buffer that claims to unpack to 2**62 bytes."""
    packed = bytearray(stream(table(("bus" * 2000, None, None, 0, 0)), compression="zstd"))
    where = packed.index(b"\x28\xb5\x2f\xfd") - 8  # what zstd begins with; the length stands before it
    packed[where : where + 8] = (2**62).to_bytes(8, "little")
    return bytes(packed)


UNPACKED_BYTES = 2**27


def old_bomb() -> bytes:
    """Packed as before Arrow 1.0: a codec in the metadata of the message, and none where the batch would say so."""
    endless = table(("bus", None, None, 0, 0)).set_column(0, "k0", pa.array(["x" * UNPACKED_BYTES]))
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd", metadata_version=pa.ipc.MetadataVersion.V4)
    with pa.ipc.new_stream(sink, endless.schema, options=options) as writer:
        writer.write_batch(endless.to_batches()[0], custom_metadata={"ARROW:experimental_compression": "zstd"})
    ipc = bytearray(sink.getvalue())
    _, message = pa.ipc.MessageReader.open_stream(pa.BufferReader(bytes(ipc)))
    metadata = bytes(message.metadata)
    place = ipc.index(metadata)
    (root,) = struct.unpack_from("<I", metadata, 0)
    vtable = root - struct.unpack_from("<i", metadata, root)[0]
    header = root + struct.unpack_from("<H", metadata, vtable + 4 + 2 * 2)[0]
    batch = header + struct.unpack_from("<I", metadata, header)[0]
    compression = batch - struct.unpack_from("<i", metadata, batch)[0] + 4 + 2 * 3
    ipc[place + compression : place + compression + 2] = bytes(2)
    return bytes(ipc)


@contextmanager
def counted_memory() -> Iterator[pa.MemoryPool]:
    """Arrow takes its memory from a pool of its own, which tells how much that was at most."""
    usual, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.system_memory_pool())
    pa.set_memory_pool(pool)
    try:
        yield pool
    finally:
        pa.set_memory_pool(usual)


@pytest.mark.parametrize("packed", ["old_bomb", "bomb", "lying_bomb"])
def test_a_bomb_is_refused_before_anything_is_unpacked(packed: str) -> None:
    ipc = {"old_bomb": old_bomb, "bomb": bomb, "lying_bomb": lying_bomb}[packed]()
    if packed != "lying_bomb":
        with counted_memory() as careless, pa.ipc.open_stream(ipc) as reader:
            reader.read_next_batch()
        assert careless.max_memory() > MAX_ANSWER_BYTES
    with counted_memory() as careful, pytest.raises(PeerError):
        read_partial(ipc, PLAN, TRIPS)
    assert careful.max_memory() < len(ipc) + 2**20


def with_metadata(**metadata: str) -> bytes:
    """An honest batch, with metadata on its message."""
    given, sink = table(ROWS[2]), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, given.schema) as writer:
        writer.write_batch(given.to_batches()[0], custom_metadata=metadata)
    return bytes(sink.getvalue())


def mislabelled(by: int) -> bytes:
    """A packed buffer whose label is a little wrong."""
    packed = bytearray(stream(table(*((kind, None, None, 0, 0) for kind in ("bus", "tram"))), compression="zstd"))
    where = packed.index(b"\x28\xb5\x2f\xfd") - 8
    label = int.from_bytes(packed[where : where + 8], "little") + by
    packed[where : where + 8] = label.to_bytes(8, "little")
    return bytes(packed)


def test_many_cells_are_packed() -> None:
    cells = [("bus", float(number), None, 0, 0) for number in range(2000)]
    packed = write_partial(partial_from_rows(PLAN, TRIPS, cells))
    assert len(packed) < 20_000
    assert list(rows_of(read_partial(packed, PLAN, TRIPS))) == cells


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a bomb": bomb,
    "a bomb with a false label": lying_bomb,
    "a bomb of Arrow before 1.0": old_bomb,
    "metadata on the message": lambda: with_metadata(note="hello"),
    "a codec in the metadata of the message": lambda: with_metadata(**{"ARROW:experimental_compression": "zstd"}),
    "a codec that no city uses": lambda: stream(table(("bus" * 2000, None, None, 0, 0)), compression="lz4"),
    "an older format": lambda: stream(table(ROWS[2]), metadata_version=pa.ipc.MetadataVersion.V4),
    "a label that says less than there is": lambda: mislabelled(-1),
    "a label that says more than there is": lambda: mislabelled(+1),
    "cut short": lambda: HONEST[:-20],
    "something after it": lambda: HONEST + b"\x00" * 8,
    "two batches": lambda: stream(table(), batches=2),
    "metadata on the schema": lambda: stream(table().replace_schema_metadata({"note": "hello"})),
    "metadata on a field": lambda: stream(
        table().cast(pa.schema([f.with_metadata({"a": "b"}) for f in partial_schema(PLAN, TRIPS)]))
    ),
    "another schema": lambda: stream(pa.table({"k0": ["bus"]})),
    "a dictionary": lambda: stream(table(ROWS[2]).set_column(0, "k0", pa.array(["bus"]).dictionary_encode())),
    "wrong order": lambda: stream(table(ROWS[2], ROWS[3])),
    "a cell twice": lambda: stream(table(ROWS[2], ROWS[2])),
    "a required key missing": lambda: stream(table((None, None, None, 1, 1))),
    "a key outside its public domain": lambda: stream(table(("zeppelin", None, None, 1, 1))),
    "an infinite key": lambda: stream(table(("bus", float("inf"), None, 1, 1))),
    "a key that is no number": lambda: stream(table(("bus", float("nan"), None, 1, 1))),
    "minus zero": lambda: stream(table(("bus", -0.0, None, 1, 1))),
    "a negative count": lambda: stream(table(("bus", None, None, -1, 0))),
    "too many rows": lambda: stream(table(("bus", None, None, 2**40 + 1, 0))),
    "a sum beyond the bounds": lambda: stream(table(("bus", None, None, 1, 4001))),
    "a sum of nothing": lambda: stream(table(("bus", None, None, 0, 1))),
    "a sum without its count": lambda: stream(table(("bus", None, None, None, 1))),
    "more digits than the type has": lambda: stream(
        pa.table(
            [
                *table(ROWS[2]).columns[:4],
                pa.Array.from_buffers(MOMENT_TYPE, 1, [None, pa.py_buffer(b"\xff" * 15 + b"\x7f")]),
            ],
            schema=partial_schema(PLAN, TRIPS),
        )
    ),
    "a date beyond the calendar": lambda: stream(
        table(ROWS[2]).set_column(2, "k2", pa.array([2**31 - 1], pa.int32()).cast(pa.date32()))
    ),
    "text that is not UTF-8": lambda: HONEST.replace(b"tram", b"tr\xffm"),
    "too many cells": lambda: stream(
        table(*(("bus", float(number), None, 0, 0) for number in range(1, MAX_CELLS + 2)))
    ),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_partial_that_no_honest_city_writes_is_refused(attack: str) -> None:
    with pytest.raises(PeerError):
        read_partial(HOSTILE[attack](), PLAN, TRIPS)


@pytest.mark.parametrize("count", [0, 2])
def test_a_total_in_other_than_one_cell_is_refused(count: int) -> None:
    schema = partial_schema(TOTAL, TRIPS)
    with pytest.raises(PeerError):
        read_partial(stream(pa.table([[Decimal(0)] * count] * 2, schema=schema)), TOTAL, TRIPS)


PACKED = write_partial(partial_from_rows(PLAN, TRIPS, [("bus", float(n), None, n, n * 7) for n in range(90)]))


@pytest.mark.parametrize("honest", [HONEST, PACKED], ids=["plain", "packed"])
@given(st.lists(st.tuples(st.integers(0, len(HONEST) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@example([(0, 0)])
@example([(420, 0)])  # a column that the batch has no buffers for
def test_mutated_bytes_are_read_or_refused_and_nothing_else(honest: bytes, changes: list[tuple[int, int]]) -> None:
    mutated = bytearray(honest)
    for position, byte in changes:
        mutated[position] = byte
    with suppress(PeerError):
        assert read_partial(bytes(mutated), PLAN, TRIPS).schema == partial_schema(PLAN, TRIPS)


@given(st.binary(max_size=400), st.integers(0, len(HONEST)))
def test_random_bytes_are_refused(noise: bytes, kept: int) -> None:
    if HONEST[:kept] + noise != HONEST:
        with pytest.raises(PeerError):
            read_partial(HONEST[:kept] + noise, PLAN, TRIPS)
