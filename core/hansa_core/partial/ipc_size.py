"""Unpacked size of an Arrow stream, read from hostile bytes before anything unpacks them."""

from __future__ import annotations

import struct

import pyarrow as pa

# Positions in Arrow's flatbuffers (format/Message.fbs): fields of a table are numbered in the order of the schema.
_MESSAGE_HEADER = 2
_BATCH_BUFFERS = 2
_BATCH_COMPRESSION = 3
_NOT_COMPRESSED = -1  # in place of a buffer's unpacked length: this one was left as it is


def unpacked_size(ipc: bytes) -> int:
    """The bytes of all buffers of a stream of record batches.

    Raises ValueError, struct.error or pa.ArrowException if the stream is malformed or holds anything else.
    """
    total = 0
    for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(ipc)):
        if message.type == "schema":
            continue
        if message.type != "record batch":
            raise ValueError(f"a partial has no {message.type} message")
        total += _batch_size(bytes(message.metadata), message.body)
    return total


def _batch_size(metadata: bytes, body: pa.Buffer) -> int:
    message = _offset(metadata, 0)
    header = _field(metadata, message, _MESSAGE_HEADER)
    if header is None:
        raise ValueError("a message without a header")
    batch = _offset(metadata, header)
    buffers = _field(metadata, batch, _BATCH_BUFFERS)
    if _field(metadata, batch, _BATCH_COMPRESSION) is None or buffers is None:
        return int(body.size)
    vector = _offset(metadata, buffers)
    (count,) = struct.unpack_from("<I", metadata, vector)
    total = 0
    for index in range(count):
        start, length = struct.unpack_from("<qq", metadata, vector + 4 + 16 * index)
        if length:
            (unpacked,) = struct.unpack_from("<q", memoryview(body), start)
            total += length if unpacked == _NOT_COMPRESSED else unpacked
            if start < 0 or length < 0 or unpacked < _NOT_COMPRESSED:
                raise ValueError("a buffer with a negative length")
    return total


def _offset(metadata: bytes, position: int) -> int:
    return position + int(struct.unpack_from("<I", metadata, position)[0])


def _field(metadata: bytes, table: int, number: int) -> int | None:
    """Where a table's field stands, by its vtable; None if it is absent."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    (size,) = struct.unpack_from("<H", metadata, vtable)
    slot = 4 + 2 * number
    if vtable < 0 or slot + 2 > size:
        return None
    (distance,) = struct.unpack_from("<H", metadata, vtable + slot)
    return table + int(distance) if distance else None
