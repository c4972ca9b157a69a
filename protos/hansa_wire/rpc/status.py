"""The one table from errors to gRPC statuses, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.partial.answer import Refusal
from hansa_protos.v1 import answer_pb2
from hansa_wire.codec.answer_codec import refusal_from_wire, refusal_to_wire
from hansa_wire.codec.limits import MAX_STATUS_TEXT
from hansa_wire.codec.messages import message_from_bytes
from hansa_wire.rpc.pins import EXPIRED_CERTIFICATE, UNPINNED_PEER
from hansa_wire.rpc.replies import GarbledReplyError

REFUSAL_METADATA = "hansa-refusal-bin"
RETRY_METADATA = "hansa-retry-after-ms-bin"
"""Milliseconds in decimal digits; -bin keeps it bytes on every carriage."""
UNREACHABLE_METADATA = "hansa-unreachable-bin"
"""Stands beside UNAVAILABLE where a peer says that another one cannot be reached: the text is a sentence of ours."""

_LONGEST_RETRY_MS = 600_000
_UNREACHABLE = "the peer cannot be reached"
_REASONS = {
    "nobody listens at its address; its operator has to start it": ("connection refused", "connect call failed"),
    "the TLS handshake failed: a certificate has expired or is not the roster's, or a clock is wrong": (
        "certificate_verify_failed",
        "handshake",
        "ssl_error",
    ),
    "its host name is not known here": ("dns", "name resolution", "resolve"),
    "nothing comes back from its address": ("timed out", "timeout", "unreachable", "no route"),
    "the connection broke": ("socket closed", "reset", "goaway", "broken pipe", "closing", "eof", "removed"),
}
"""What gRPC's words for a lost connection mean, the surest first: gRPC has no code for it. They choose words alone."""

_MEANINGS = {
    grpc.StatusCode.UNIMPLEMENTED: "the peer does not know this call: another service listens at its address, or"
    " another version of Hansa",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "the peer takes no more calls now, or a message is larger than is read",
    grpc.StatusCode.CANCELLED: "the call was broken off",
    grpc.StatusCode.UNAUTHENTICATED: "the peer does not know who calls",
    grpc.StatusCode.PERMISSION_DENIED: "the peer does not let the caller in",
    grpc.StatusCode.UNKNOWN: "the peer failed, or no node or coordinator of Hansa listens at its address",
}
"""What statuses mean that Hansa's own services do not give."""

UNAUTHENTICATED_CODES = frozenset(
    {
        "signature_invalid",
        "credential_invalid",
        "credential_expired",
        "not_a_member",
        UNPINNED_PEER,
        EXPIRED_CERTIFICATE,
    }
)
UNAVAILABLE_CODE = "unavailable"
UNWITNESSED_CODE = "unwitnessed"
AWAITING_WITNESSES_CODE = "awaiting_witnesses"
UNAVAILABLE_CODES = frozenset({UNAVAILABLE_CODE, UNWITNESSED_CODE, AWAITING_WITNESSES_CODE})
"""The refusals of a peer that cannot keep its promises now, whoever asks for whatever: they are not signed."""


class PeerUnreachableError(ConnectionError):
    """A peer that was to be asked cannot be reached; the text is public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a call ends. `metadata` goes into the trailer."""

    code: grpc.StatusCode
    text: str = ""
    metadata: tuple[tuple[str, bytes], ...] = ()


class EndedCall(Protocol):
    """What gRPC's two kinds of call error have in common."""

    def code(self) -> grpc.StatusCode:
        """How the call ended."""

    def details(self) -> str | None:
        """The text beside it."""

    def trailing_metadata(self) -> Iterable[Any] | None:
        """Pairs of key and value."""


def status_from_error(error: BaseException) -> Status:
    """The status that tells a caller about `error`. An error that is not listed here becomes INTERNAL without a word:
    only the text of the listed ones is known to be public."""
    match error:
        case RefusedError():
            refusal = Refusal(
                code=_short(error.code), rule=_short(error.rule), remedy=_short(error.remedy), field=_short(error.field)
            )
            trailer = refusal_to_wire(refusal).SerializeToString(deterministic=True)
            code = _code_of_refusal(error.code)
            return Status(code=code, text=_short(str(error)), metadata=((REFUSAL_METADATA, trailer),))
        case BusyError():
            trailer = str(max(1, round(1000 * error.retry_after_s))).encode()
            text = _short(str(error))
            return Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED, text=text, metadata=((RETRY_METADATA, trailer),))
        case PeerError():
            return Status(code=grpc.StatusCode.INVALID_ARGUMENT, text=_short(str(error)))
        case PeerUnreachableError():
            mark = ((UNREACHABLE_METADATA, b"1"),)
            return Status(code=grpc.StatusCode.UNAVAILABLE, text=_short(str(error)), metadata=mark)
        case TimeoutError():
            return Status(code=grpc.StatusCode.DEADLINE_EXCEEDED, text="the deadline has passed")
        case _:
            return Status(code=grpc.StatusCode.INTERNAL)


def error_from_status(call: EndedCall) -> RefusedError | BusyError | PeerError | TimeoutError | ConnectionError:
    """What a failed call means here. RefusedError: the peer named a rule that the call breaks. BusyError: it says when
    to come back. ConnectionError: the peer cannot be reached, or its certificate is not the expected one.
    GarbledReplyError: a status that no service of Hansa gives, as where a reply is larger than is read."""
    text = _short(call.details() or "")
    trailer = tuple(call.trailing_metadata() or ())
    refusal = _refusal_in(trailer)
    if refusal is not None:
        return refusal
    retry_after_s = _retry_in(trailer)
    if retry_after_s is not None and call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return BusyError(retry_after_s=retry_after_s)
    match call.code():
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return TimeoutError("no answer before the deadline")
        case grpc.StatusCode.UNAVAILABLE:
            is_told = any(key == UNREACHABLE_METADATA for key, _ in trailer)
            return ConnectionError((is_told and text) or unreachable(text))
        case grpc.StatusCode.INVALID_ARGUMENT if text:  # a PeerError's own sentence, from the other end
            return PeerError(f"the peer turned the call away: {text}")
        case grpc.StatusCode.INTERNAL:
            return PeerError(f"the peer failed{f' ({text})' if text else ' without saying why'}")
        case code:
            meaning = _MEANINGS.get(code, "the peer ended the call")
            return GarbledReplyError(f"{meaning} ({code.name}{f': {text}' if text else ''})")


def unreachable(text: str) -> str:
    """A sentence of ours before whatever gRPC, TLS or the system says."""
    if not text:
        return _UNREACHABLE
    spoken = text.lower()
    why = next((sentence for sentence, signs in _REASONS.items() if any(sign in spoken for sign in signs)), "")
    return f"{_UNREACHABLE}: {why} ({text})" if why else f"{_UNREACHABLE}: {text}"


def _code_of_refusal(code: str) -> grpc.StatusCode:
    if code in UNAUTHENTICATED_CODES:
        return grpc.StatusCode.UNAUTHENTICATED
    return grpc.StatusCode.UNAVAILABLE if code in UNAVAILABLE_CODES else grpc.StatusCode.FAILED_PRECONDITION


def _retry_in(metadata: Iterable[Any]) -> float | None:
    for key, value in metadata:
        if key == RETRY_METADATA and isinstance(value, bytes) and value.isdigit() and len(value) < 10:
            return min(max(1, int(value)), _LONGEST_RETRY_MS) / 1000
    return None


def _refusal_in(metadata: Iterable[Any]) -> RefusedError | None:
    for key, value in metadata:
        if key == REFUSAL_METADATA and isinstance(value, bytes):
            try:
                message = message_from_bytes(answer_pb2.Refusal, value, what="refusal", max_bytes=8 * MAX_STATUS_TEXT)
                refusal = refusal_from_wire(message)
            except (PeerError, RefusedError):
                return None  # the status itself still tells what happened
            texts = (refusal.code, refusal.rule, refusal.remedy, refusal.field)
            return RefusedError(*(_short(text) for text in texts))
    return None


def _short(text: str) -> str:
    """Printable and bounded: a peer's text ends up on terminals, and long metadata ends the call."""
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_STATUS_TEXT]
