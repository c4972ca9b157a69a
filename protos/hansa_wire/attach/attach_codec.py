"""Calls, presence, answers in parts and failures on the stream of an attached peer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc

from hansa_core.errors import PeerError
from hansa_protos.v1 import attach_pb2
from hansa_wire.attach.messages import MAX_HUBS, MAX_REACH, CallKind, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.enums import WireEnum
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.codec.limits import MAX_RESPONSE_BYTES
from hansa_wire.codec.messages import message_from_bytes, values_of_peer
from hansa_wire.rpc.status import Status

CALL_KINDS = WireEnum(CallKind, attach_pb2.CallKind)
PART_BYTES = 256 * 1024

_CODES = {code.value[0]: code for code in grpc.StatusCode}


def call_to_wire(call_id: int, call: CityCall) -> attach_pb2.AttachServiceAttachResponse:
    """The message of a call."""
    message = attach_pb2.CityCall(
        call_id=call_id,
        city=call.city,
        kind=CALL_KINDS.to_wire(call.kind),
        query=None if call.query is None else envelope_to_wire(call.query),
        credential=None if call.credential is None else envelope_to_wire(call.credential),
        deadline_ms=max(1, round(1000 * call.deadline_s)),
        hubs=call.hubs,
    )
    return attach_pb2.AttachServiceAttachResponse(call=message)


def call_from_wire(message: attach_pb2.CityCall) -> CityCall:
    """The call in `message`. Raises PeerError."""
    with values_of_peer("call"):
        return CityCall(
            city=message.city,
            kind=CALL_KINDS.from_wire(message.kind),
            query=envelope_from_wire(message.query, what="query") if message.HasField("query") else None,
            credential=envelope_from_wire(message.credential, what="credential")
            if message.HasField("credential")
            else None,
            deadline_s=message.deadline_ms / 1000,
            hubs=message.hubs,
        )


def presence_to_wire(name: str, reach: Reach) -> attach_pb2.AttachServiceAttachRequest:
    """The message that says who is attached, and whom it reaches."""
    cities = [attach_pb2.ReachableCity(city=city, hubs=hubs) for city, hubs in reach.items()]
    return attach_pb2.AttachServiceAttachRequest(presence=attach_pb2.Presence(name=name, cities=cities))


def presence_from_wire(message: attach_pb2.Presence) -> tuple[str, Reach]:
    """The name and the reach in `message`. Raises PeerError."""
    reach = {each.city: each.hubs for each in message.cities}
    if len(reach) != len(message.cities) or len(reach) > MAX_REACH or "" in reach:
        raise PeerError(f"presence: at most {MAX_REACH} cities, each named once")
    if any(hubs > MAX_HUBS for hubs in reach.values()):
        raise PeerError(f"presence: a city lies behind at most {MAX_HUBS} coordinators")
    return message.name, reach


def answer_in_parts(call_id: int, answer: Answered) -> Iterator[attach_pb2.AttachServiceAttachRequest]:
    """The messages that carry an answer, in order."""
    whole = attach_pb2.CityAnswer(envelope=envelope_to_wire(answer.envelope), receipt=answer.receipt)
    content = whole.SerializeToString(deterministic=True)
    for start in range(0, len(content), PART_BYTES):
        part = attach_pb2.AnswerPart(
            call_id=call_id,
            content=content[start : start + PART_BYTES],
            last=start + PART_BYTES >= len(content),
        )
        yield attach_pb2.AttachServiceAttachRequest(part=part)


class GrowingAnswer:
    """An answer, part by part."""

    def __init__(self) -> None:
        self._content = bytearray()

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return len(self._content)

    def add(self, part: attach_pb2.AnswerPart) -> Answered | None:
        """The answer, when this was its last part. Raises PeerError."""
        if not part.content or len(part.content) > PART_BYTES:
            raise PeerError(f"answer: a part has 1 to {PART_BYTES:,} bytes; it has {len(part.content):,}")
        self._content += part.content
        if len(self._content) > MAX_RESPONSE_BYTES:
            raise PeerError(f"answer: has at most {MAX_RESPONSE_BYTES:,} bytes")
        if not part.last:
            return None
        message = message_from_bytes(
            attach_pb2.CityAnswer, bytes(self._content), what="answer", max_bytes=MAX_RESPONSE_BYTES
        )
        return Answered(envelope_from_wire(message.envelope, what="answer"), message.receipt)


def failure_to_wire(call_id: int, status: Status) -> attach_pb2.AttachServiceAttachRequest:
    """The message that ends a call as `status` would."""
    failure = attach_pb2.CallFailure(
        call_id=call_id, status=status.code.value[0], text=status.text, trailers=dict(status.metadata)
    )
    return attach_pb2.AttachServiceAttachRequest(failure=failure)


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A failure from the stream, as the status table reads the end of a call."""

    message: attach_pb2.CallFailure

    def code(self) -> grpc.StatusCode:
        return _CODES.get(self.message.status or grpc.StatusCode.UNKNOWN.value[0], grpc.StatusCode.UNKNOWN)

    def details(self) -> str:
        return self.message.text

    def trailing_metadata(self) -> Iterable[Any]:
        return self.message.trailers.items()
