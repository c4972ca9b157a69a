"""Messages to bytes and back, with an error that says why bytes from a peer are no message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from hansa_core.errors import PeerError, RefusedError
from hansa_core.plan.limits import MAX_DEPTH
from hansa_wire.codec.nesting import is_too_deep

MessageT = TypeVar("MessageT", bound=Message)


def too_deep() -> RefusedError:
    """An expression has more levels than anybody reads."""
    return RefusedError(
        code="too_deep",
        rule=f"an expression has at most {MAX_DEPTH} levels",
        remedy="nest less: AND, OR and COALESCE take many arguments, IN takes many values",
    )


def too_large(what: str, max_bytes: int) -> RefusedError:
    """`what` takes more than `max_bytes` when encoded."""
    return RefusedError(
        code="too_large",
        rule=f"{what} has at most {max_bytes:,} bytes",
        remedy="ask for less at once",
        field=what,
    )


def message_to_bytes(message: Message, *, what: str, max_bytes: int) -> bytes:
    """The one encoding of `message`: signers and hashes rely on it. Raises RefusedError `too_large`."""
    payload = message.SerializeToString(deterministic=True)
    if len(payload) > max_bytes:
        raise too_large(what, max_bytes)
    return payload


def message_from_bytes(kind: type[MessageT], payload: bytes, *, what: str, max_bytes: int) -> MessageT:
    """The message in `payload`. Raises PeerError on anything else, and RefusedError `too_large` or `too_deep`.

    An unknown field is an error: whoever wrote it meant something that this reader would pass over. So is a field that
    stands twice, where it may stand once.
    """
    if len(payload) > max_bytes:
        raise too_large(what, max_bytes)
    message = kind()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        if is_too_deep(payload, kind):  # only expressions can be that deep
            raise too_deep() from None
        raise PeerError(f"{what} is not a {kind.DESCRIPTOR.full_name} message") from error
    known_and_unknown = message.ByteSize()
    if known_and_unknown != len(payload):  # of two values of one field protobuf takes the last, and others the first
        raise PeerError(f"{what} has a field twice, or one that is not written as short as can be")
    message.DiscardUnknownFields()
    if message.ByteSize() != known_and_unknown:
        raise PeerError(f"{what} has fields that this version of Hansa does not know; update it")
    return message


@contextmanager
def values_of_peer(what: str) -> Iterator[None]:
    """Values that refuse to be born are the peer's fault here."""
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise PeerError(f"{what}: {error}") from error


@contextmanager
def text_of_asker(what: str) -> Iterator[None]:
    """Text that UTF-8 cannot encode is the asker's to mend."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise RefusedError(
            code="wrong_type", rule="text is valid Unicode", remedy="remove lone surrogates", field=what
        ) from error
