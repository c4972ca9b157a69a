"""Layout of a record batch in an Arrow message: its buffers and their packing. Any message with more is refused.

Arrow's own reader also honours what an attacker may add (a codec named in a message's metadata, for one), and allocates
what a packed buffer claims. So a message is read here, field by field, before Arrow is given anything of it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Positions in Arrow's flatbuffers (format/Message.fbs): fields of a table are numbered in the order of the schema.
_VERSION, _HEADER_TYPE, _HEADER, _BODY_LENGTH = range(4)
_LENGTH, _NODES, _BUFFERS, _COMPRESSION = range(4)
_CODEC, _METHOD = range(2)
_V5 = 4
_RECORD_BATCH = 3
_WHOLE_BUFFERS = 0
_ZSTD = 1
_PAIR_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLayout:
    """One record batch. `rows`: of each column. `null_counts`: of each. `buffers`: start and length in the body.

    `is_packed`: each buffer is packed with zstd, after its unpacked length in 8 bytes.
    """

    rows: int
    null_counts: tuple[int, ...]
    buffers: tuple[tuple[int, int], ...]
    is_packed: bool


def check_plain(metadata: bytes) -> None:
    """Raise ValueError or struct.error for a message of another version than 5, or with metadata of its own."""
    _message(metadata)


def batch_layout(metadata: bytes, body_bytes: int) -> BatchLayout:
    """The layout of a record batch whose body has so many bytes. Raises ValueError or struct.error on anything else."""
    message = _message(metadata)
    if message.number(_HEADER_TYPE, "<B") != _RECORD_BATCH or message.number(_BODY_LENGTH, "<q") != body_bytes:
        raise ValueError("the message is no record batch over its body")
    batch = message.table(_HEADER, fields=4)
    nodes, buffers = batch.pairs(_NODES), batch.pairs(_BUFFERS)
    rows = batch.number(_LENGTH, "<q")
    if any(length != rows or not 0 <= nulls <= rows for length, nulls in nodes):
        raise ValueError("the columns of a batch have different lengths")
    if any(start < 0 or length < 0 or start + length > body_bytes for start, length in buffers):
        raise ValueError("a buffer lies outside of its batch")
    return BatchLayout(
        rows=rows, null_counts=tuple(nulls for _, nulls in nodes), buffers=buffers, is_packed=_is_packed(batch)
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A flatbuffer table at `at`. Every access raises ValueError or struct.error where the bytes do not hold it."""

    content: bytes
    at: int

    def place(self, field: int) -> int | None:
        """Where a field stands, by the table's vtable; None where it is absent."""
        vtable, size = self._vtable()
        slot = 4 + 2 * field
        if slot + 2 > size:
            return None
        (distance,) = struct.unpack_from("<H", self.content, vtable + slot)
        return self.at + int(distance) if distance else None

    def has_more_than(self, fields: int) -> bool:
        """Whether a field beyond the first `fields` is there."""
        _, size = self._vtable()
        return any(self.place(field) is not None for field in range(fields, (size - 4) // 2))

    def number(self, field: int, kind: str) -> int:
        """A scalar; 0, the default of all that are read here, where it is absent."""
        place = self.place(field)
        return 0 if place is None else int(struct.unpack_from(kind, self.content, place)[0])

    def table(self, field: int, *, fields: int) -> _Table:
        """A table of at most so many fields, which has to be there."""
        place = self.place(field)
        if place is None:
            raise ValueError("a message lacks a part")
        found = _Table(self.content, _pointed(self.content, place))
        if found.has_more_than(fields):
            raise ValueError("a message has a part that is not read here")
        return found

    def pairs(self, field: int) -> tuple[tuple[int, int], ...]:
        """A vector of structs of two 64-bit numbers; empty where it is absent."""
        place = self.place(field)
        if place is None:
            return ()
        vector = _pointed(self.content, place)
        (count,) = struct.unpack_from("<I", self.content, vector)
        if vector + 4 + count * _PAIR_BYTES > len(self.content):
            raise ValueError("a vector is longer than its message")
        return tuple(struct.iter_unpack("<qq", self.content[vector + 4 : vector + 4 + count * _PAIR_BYTES]))

    def _vtable(self) -> tuple[int, int]:
        vtable = self.at - struct.unpack_from("<i", self.content, self.at)[0]
        if vtable < 0:
            raise ValueError("a table without its fields")
        return vtable, int(struct.unpack_from("<H", self.content, vtable)[0])


def _message(metadata: bytes) -> _Table:
    message = _Table(metadata, _pointed(metadata, 0))
    if message.number(_VERSION, "<h") != _V5 or message.has_more_than(_BODY_LENGTH + 1):
        raise ValueError("a message is of Arrow's format 5, and has no metadata of its own")
    return message


def _is_packed(batch: _Table) -> bool:
    if batch.place(_COMPRESSION) is None:
        return False
    packed = batch.table(_COMPRESSION, fields=2)
    if packed.number(_CODEC, "<b") != _ZSTD or packed.number(_METHOD, "<b") != _WHOLE_BUFFERS:
        raise ValueError("buffers are packed with zstd, each by itself")
    return True


def _pointed(content: bytes, place: int) -> int:
    return place + int(struct.unpack_from("<I", content, place)[0])
