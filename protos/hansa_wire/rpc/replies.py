"""Replies of a peer: whatever is none is that peer's failure and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.message import Message

from hansa_core.errors import PeerError

ReplyT = TypeVar("ReplyT", bound=Message)


class GarbledReplyError(PeerError):
    """What the peer gave back cannot be read: it speaks against the peer, whatever it was asked."""


def reply_as(kind: type[ReplyT], given: object) -> ReplyT:
    """`given`, if gRPC could decode it. Raises GarbledReplyError: gRPC's asyncio hands None on where it could not."""
    if not isinstance(given, kind):
        raise GarbledReplyError(f"the peer gave back bytes that are no {kind.DESCRIPTOR.full_name} message")
    return given


@contextmanager
def reading_reply() -> Iterator[None]:
    """Whatever goes wrong while a reply is read is a GarbledReplyError: only the peer chose its bytes."""
    try:
        yield
    except Exception as broken:
        text = str(broken) if isinstance(broken, PeerError) else type(broken).__name__
        raise GarbledReplyError(f"the peer gave back what cannot be read: {text}") from broken
