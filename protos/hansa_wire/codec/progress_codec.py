"""City events on the wire."""

from __future__ import annotations

from hansa_protos.v1 import coordinator_pb2
from hansa_wire.codec.enums import WireEnum
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.codec.messages import values_of_peer
from hansa_wire.codec.progress import CityEvent, CityState

CITY_STATES = WireEnum(CityState, coordinator_pb2.CityState)


def event_to_wire(event: CityEvent) -> coordinator_pb2.CityEvent:
    """The message of `event`."""
    return coordinator_pb2.CityEvent(
        city=event.city,
        state=CITY_STATES.to_wire(event.state),
        code=event.code,
        detail=event.detail,
        elapsed_ms=event.elapsed_ms,
        answer=None if event.answer is None else envelope_to_wire(event.answer),
        receipt=event.receipt,
    )


def event_from_wire(message: coordinator_pb2.CityEvent) -> CityEvent:
    """The event in `message`. Raises PeerError."""
    with values_of_peer("city event"):
        return CityEvent(
            city=message.city,
            state=CITY_STATES.from_wire(message.state),
            code=message.code,
            detail=message.detail,
            elapsed_ms=message.elapsed_ms,
            answer=envelope_from_wire(message.answer, what=message.city) if message.HasField("answer") else None,
            receipt=message.receipt,
        )
