"""Depth of messages within messages in bytes that protobuf did not parse, read from the wire format alone.

Protobuf stops at MAX_NESTING messages within one another and says so in words only. Source: the encoding of protobuf,
protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

MAX_NESTING = 100
"""Messages within one another that protobuf reads, the outermost left out."""

_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10


class _BrokenError(Exception):
    """These bytes are no fields of a message."""


def is_too_deep(payload: bytes, kind: type[Message]) -> bool:
    """Whether the fields that `kind` knows hold more than MAX_NESTING messages within one another.

    What follows the first byte that is no protobuf is not read: it is the fault that a parser meets first.
    """
    try:
        return _exceeds(memoryview(payload), cast(Descriptor, kind.DESCRIPTOR), MAX_NESTING)
    except _BrokenError:
        return False


def _exceeds(content: memoryview, kind: Descriptor, levels: int) -> bool:
    """Whether more than `levels` messages lie within one another in here; it recurses as many times at most."""
    if not _leads_to_itself(kind):
        return False
    for number, inner in _delimited_fields(content):
        field = kind.fields_by_number.get(number)
        within = None if field is None else field.message_type
        if within is not None and (not levels or _exceeds(inner, within, levels - 1)):
            return True
    return False


@lru_cache
def _leads_to_itself(kind: Descriptor) -> bool:
    """Whether a message of this kind can hold any number within one another: the others are never walked."""
    return any(each in _kinds_within(each) for each in (kind, *_kinds_within(kind)))


def _kinds_within(kind: Descriptor) -> frozenset[Descriptor]:
    """All kinds of message that one of this kind can hold, at any depth."""
    found: set[Descriptor] = set()
    left = [kind]
    while left:
        held = {field.message_type for field in left.pop().fields if field.message_type is not None}
        left += held - found
        found |= held
    return frozenset(found)


def _delimited_fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field that has a length, in order; the others are passed over.

    Raises _BrokenError at the first that is not whole, or is of a wire type that no message of the league has.
    """
    at, end = 0, len(content)
    while at < end:
        tag, at = _varint(content, at)
        wire_type = tag & 7
        if wire_type == _VARINT:
            _, at = _varint(content, at)
            continue
        is_delimited = wire_type == _DELIMITED
        size, at = _varint(content, at) if is_delimited else (_WIDTHS.get(wire_type, end), at)
        if size > end - at:
            raise _BrokenError
        if is_delimited:
            yield tag >> 3, content[at : at + size]
        at += size


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """The number at this place, and the place behind it."""
    value = 0
    for place, byte in enumerate(content[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise _BrokenError
