"""What is nested too deeply is told by counting, in the very cases in which protobuf stops for it."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from hansa_core.errors import PeerError, RefusedError
from hansa_protos.v1 import answer_pb2, query_pb2
from hansa_wire.codec.messages import message_from_bytes
from hansa_wire.codec.nesting import MAX_NESTING, is_too_deep

EXPRESSION = query_pb2.Expression
_ARGUMENTS, _CALL = 2, 3
_UNCLOSED_GROUP = b"\x0b"
_HALF_A_FIELD = b"\x0a\x05x"

others = st.lists(
    st.sampled_from(
        (
            b"\x0a\x01x",
            b"\x78\x80\x01",
            b"\x18\x01",
            b"\x7d1234",
            b"\x7912345678",
            b"\x7a\x02\x1a\x05",
            b"\x12\x00",
        )
    ),
    max_size=3,
).map(b"".join)
"""Fields beside the nested one: known and unknown ones of each wire type, and an empty message."""


def delimited(number: int, content: bytes) -> bytes:
    size, rest = b"", len(content)
    while rest > 0x7F:
        size += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return bytes([number << 3 | 2]) + size + bytes([rest]) + content


def nested(levels: int, innermost: bytes = b"") -> bytes:
    """An expression with so many messages within one another: its call, the call's argument, and so on."""
    content = innermost
    for level in range(levels, 0, -1):
        content = delimited(_CALL if level % 2 else _ARGUMENTS, content)
    return content


def parsed(payload: bytes) -> str | None:
    """What protobuf says of an expression; None where it reads it."""
    try:
        query_pb2.Expression.FromString(payload)
    except DecodeError as error:
        return str(error)
    return None


@pytest.mark.parametrize("levels", [MAX_NESTING - 1, MAX_NESTING, MAX_NESTING + 1, MAX_NESTING + 2, 10_000])
def test_the_count_is_the_one_at_which_protobuf_stops(levels: int) -> None:
    payload = nested(levels)
    assert is_too_deep(payload, EXPRESSION) == (parsed(payload) is not None) == (levels > MAX_NESTING)


@given(st.integers(0, 2 * MAX_NESTING), others, others, st.integers(0, 40))
@example(MAX_NESTING + 1, _HALF_A_FIELD, b"", 0)
@example(MAX_NESTING, _HALF_A_FIELD, b"", 0)
@example(MAX_NESTING + 1, b"", b"\x10\x01", 1)
def test_whatever_protobuf_stops_at_for_its_depth_is_too_deep_and_nothing_else(
    levels: int, innermost: bytes, before: bytes, cut: int
) -> None:
    whole = before + nested(levels, innermost)
    payload = whole[: len(whole) - cut]
    said = parsed(payload)
    if said is not None:
        assert is_too_deep(payload, EXPRESSION) == ("MaxDepth" in said)


def test_what_is_broken_before_it_is_deep_is_no_message() -> None:
    with pytest.raises(PeerError, match="is not a"):
        message_from_bytes(query_pb2.Query, _HALF_A_FIELD + nested(10_000), what="query", max_bytes=1 << 20)


def test_an_unknown_field_is_not_walked_into() -> None:
    assert not is_too_deep(delimited(15, nested(10_000)), EXPRESSION)


def test_a_message_that_cannot_hold_itself_is_not_walked() -> None:
    """Its peer may send 64 MiB of small fields, which would take a minute to count."""
    assert not is_too_deep(delimited(1, nested(10_000)), answer_pb2.Answer)


def test_an_unclosed_group_is_no_message() -> None:
    with pytest.raises(PeerError, match="is not a"):
        message_from_bytes(query_pb2.Query, _UNCLOSED_GROUP * 10_000, what="query", max_bytes=1 << 20)


def test_too_deep_is_refused_with_its_code() -> None:
    plan = delimited(2, nested(10_000))
    with pytest.raises(RefusedError, match="too_deep"):
        message_from_bytes(query_pb2.Query, delimited(7, plan), what="query", max_bytes=1 << 20)
