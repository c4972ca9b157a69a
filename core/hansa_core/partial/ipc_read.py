"""Arrow streams of others, read within a bound: buffers are cut out and unpacked here, so Arrow allocates none."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from hansa_core.errors import PeerError
from hansa_core.partial.ipc_message import BatchLayout, batch_layout, check_plain

_NOT_PACKED = -1  # in place of a buffer's unpacked length: this one was left as it is
_LENGTH_BYTES = 8
_INVALID = (pa.ArrowException, struct.error, StopIteration, OSError, ValueError, KeyError, MemoryError)


def read_schema(ipc: bytes) -> pa.Schema:
    """The schema that a stream begins with. Raises PeerError for what is no stream."""
    try:
        return _schema(_messages(pa.BufferReader(ipc)))
    except _INVALID as broken:
        raise PeerError("no valid Arrow stream") from broken


def read_stream(ipc: bytes, *, max_bytes: int) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    """The schema and batches of a stream of flat columns that takes at most `max_bytes`, packed and unpacked.

    Raises PeerError on anything else: what follows the stream, metadata on a message, dictionaries, nested columns.
    """
    if len(ipc) > max_bytes:
        raise PeerError(f"the Arrow stream has more than {max_bytes} bytes")
    source = pa.BufferReader(ipc)
    try:
        messages = _messages(source)
        schema = _schema(messages)
        batches = []
        for message in messages:
            batch, unpacked = _read_batch(message, schema, max_bytes)
            max_bytes -= unpacked
            batches.append(batch)
        if source.tell() != len(ipc):
            raise PeerError("the Arrow stream is followed by something else")
    except _INVALID as broken:
        raise PeerError("no valid Arrow stream") from broken
    return schema, batches


def unpacked_size(ipc: bytes) -> int:
    """The bytes that the buffers of a stream take once they are unpacked. Raises PeerError for what is no stream."""
    try:
        return sum(
            length
            for message in _messages(pa.BufferReader(ipc))
            if message.type != "schema"
            for length in _unpacked_lengths(batch_layout(_metadata(message), message.body.size), message.body)
        )
    except _INVALID as broken:
        raise PeerError("no valid Arrow stream") from broken


def _schema(messages: Iterator[pa.Message]) -> pa.Schema:
    first = next(messages)
    if first.type != "schema":
        raise PeerError("the Arrow stream does not begin with its schema")
    schema = pa.ipc.read_schema(first)
    _ = schema.names  # raises where a name is no UTF-8
    return schema


def _messages(source: pa.NativeFile) -> Iterator[pa.Message]:
    for message in pa.ipc.MessageReader.open_stream(source):
        check_plain(_metadata(message))
        yield message


def _metadata(message: pa.Message) -> bytes:
    return bytes(message.metadata)


def _read_batch(message: pa.Message, schema: pa.Schema, max_bytes: int) -> tuple[pa.RecordBatch, int]:
    body = message.body
    layout = batch_layout(_metadata(message), body.size)
    lengths = _unpacked_lengths(layout, body)
    if sum(lengths) > max_bytes:
        raise PeerError(f"the Arrow stream unpacks to more than {max_bytes} bytes")
    places = zip(layout.buffers, lengths, strict=True)
    buffers = iter([_unpacked(layout, body, place, length) for place, length in places])
    columns = []
    for field, null_count in zip(schema, layout.null_counts, strict=True):
        if field.type.num_fields or field.type.num_buffers < 2 or pa.types.is_dictionary(field.type):
            raise PeerError(f"the Arrow stream has a column of type {field.type}")
        own = list(islice(buffers, field.type.num_buffers))
        if len(own) < field.type.num_buffers:
            raise PeerError(f"the Arrow stream has too few buffers for the column {field.name}")
        validity, *values = own
        parts = [validity if validity.size else None, *values]
        columns.append(pa.Array.from_buffers(field.type, layout.rows, parts, null_count))
    if next(buffers, None) is not None:
        raise PeerError("the Arrow stream has a buffer of no column")
    batch = pa.RecordBatch.from_arrays(columns, schema=schema)
    batch.validate(full=True)
    return batch, sum(lengths)


def _unpacked_lengths(layout: BatchLayout, body: pa.Buffer) -> list[int]:
    """Of each buffer, as its own label says. Raises ValueError for a label below zero."""
    if not layout.is_packed:
        return [length for _, length in layout.buffers]
    lengths = []
    for start, length in layout.buffers:
        label = struct.unpack_from("<q", body, start)[0] if length else 0
        if label < _NOT_PACKED or 0 < length < _LENGTH_BYTES:
            raise ValueError("a packed buffer without its length")
        lengths.append(length - _LENGTH_BYTES if label == _NOT_PACKED else int(label))
    return lengths


def _unpacked(layout: BatchLayout, body: pa.Buffer, place: tuple[int, int], unpacked: int) -> pa.Buffer:
    start, length = place
    if not layout.is_packed or not length:
        return body.slice(start, length)
    content = body.slice(start + _LENGTH_BYTES, length - _LENGTH_BYTES)
    if struct.unpack_from("<q", body, start)[0] == _NOT_PACKED:
        return content
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as packed:
        whole = packed.read_buffer(unpacked + 1)  # one more than may come: so a false label is noticed
    if whole.size != unpacked:
        raise ValueError("a packed buffer is not as long as its label says")
    return whole
