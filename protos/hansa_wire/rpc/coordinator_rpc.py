"""The calls between an analyst and the coordinator, in values of the core."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from typing import TYPE_CHECKING, Protocol

import grpc
import grpc.aio

from hansa_core.errors import PeerError
from hansa_core.signing.dsse import Envelope
from hansa_protos.v1 import coordinator_pb2, coordinator_pb2_grpc
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.codec.limits import MAX_DEADLINE_S
from hansa_wire.codec.progress import CityEvent
from hansa_wire.codec.progress_codec import event_from_wire, event_to_wire
from hansa_wire.rpc.clocks import Clocks, HeardClock, clock_in
from hansa_wire.rpc.guard import Permitted, guarded
from hansa_wire.rpc.replies import reading_reply, reply_as
from hansa_wire.rpc.status import error_from_status

if TYPE_CHECKING:
    from hansa_wire.rpc.guard import CallContext

COORDINATOR_SERVICE: str = coordinator_pb2.DESCRIPTOR.services_by_name["CoordinatorService"].full_name

GRACE_S = 2.0
"""Seconds that the coordinator has beyond the cities' deadline, to tell which of them were late."""


class CoordinatorHandler(Protocol):
    """What a coordinator does with a call. `deadline_s`: how long the cities have, above 0."""

    async def catalogue(self, deadline_s: float) -> Sequence[CityEvent]:
        """The last event of each city; the answers are signed descriptions."""

    def ask(self, query: Envelope, credential: Envelope, deadline_s: float) -> AsyncIterator[CityEvent]:
        """What becomes of the query at each city, as it happens. Closed when the analyst goes away."""


def add_coordinator_service(
    server: grpc.aio.Server, handler: CoordinatorHandler, allow: Permitted, clocks: Clocks
) -> None:
    """Serve `handler` to the callers that `allow` accepts."""
    coordinator_pb2_grpc.add_CoordinatorServiceServicer_to_server(_CoordinatorServicer(handler, allow, clocks), server)


class CoordinatorClient:
    """The coordinator at the other end of a blocking channel; raises as NodeClient does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = coordinator_pb2_grpc.CoordinatorServiceStub(channel)

    def catalogue(self, *, deadline_s: float) -> tuple[CityEvent, ...]:
        """The last event of each city; the answers are signed descriptions, unverified."""
        try:
            response = self._stub.Catalogue(_catalogue_request(deadline_s), timeout=deadline_s + GRACE_S)
        except grpc.RpcError as error:
            raise error_from_status(error) from error
        return _events_in(response)

    def ask(
        self, query: Envelope, credential: Envelope, *, deadline_s: float, heard: HeardClock | None = None
    ) -> Generator[CityEvent, None, None]:
        """What becomes of the query at each city, as it happens; the answers are unverified.

        Closing the iterator early cancels the call. `heard`: told what the coordinator's clock says at the end.
        """
        heard = heard or HeardClock()
        call = self._stub.Ask(_ask_request(query, credential, deadline_s), timeout=deadline_s + GRACE_S)
        try:
            for response in call:
                yield _event_in(response)
            heard.says = clock_in(call.trailing_metadata())
        except grpc.RpcError as error:
            heard.says = clock_in(error.trailing_metadata())
            raise error_from_status(error) from error
        finally:
            call.cancel()


class AsyncCoordinatorClient:
    """The same at the other end of a channel for asyncio; a cancelled task cancels its call at the coordinator."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: coordinator_pb2_grpc.CoordinatorServiceAsyncStub
        self._stub = coordinator_pb2_grpc.CoordinatorServiceStub(channel)

    async def catalogue(self, *, deadline_s: float) -> tuple[CityEvent, ...]:
        """The last event of each city; the answers are signed descriptions, unverified."""
        try:
            response = await self._stub.Catalogue(_catalogue_request(deadline_s), timeout=deadline_s + GRACE_S)
        except grpc.aio.AioRpcError as error:
            raise error_from_status(error) from error
        return _events_in(response)

    async def ask(
        self, query: Envelope, credential: Envelope, *, deadline_s: float, heard: HeardClock | None = None
    ) -> AsyncGenerator[CityEvent, None]:
        """As `CoordinatorClient.ask`."""
        heard = heard or HeardClock()
        call = self._stub.Ask(_ask_request(query, credential, deadline_s), timeout=deadline_s + GRACE_S)
        try:
            async for response in call:
                yield _event_in(response)
            heard.says = clock_in(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            heard.says = clock_in(error.trailing_metadata())
            raise error_from_status(error) from error
        finally:
            call.cancel()


def _events_in(given: object) -> tuple[CityEvent, ...]:
    reply = reply_as(coordinator_pb2.CoordinatorServiceCatalogueResponse, given)
    with reading_reply():
        return tuple(event_from_wire(event) for event in reply.events)


def _event_in(given: object) -> CityEvent:
    reply = reply_as(coordinator_pb2.CoordinatorServiceAskResponse, given)
    with reading_reply():
        return event_from_wire(reply.event)


class _CoordinatorServicer(coordinator_pb2_grpc.CoordinatorServiceServicer):
    """Opens requests, closes responses."""

    def __init__(self, handler: CoordinatorHandler, allow: Permitted, clocks: Clocks) -> None:
        self._handler = handler
        self._permitted = allow
        self._clocks = clocks

    async def Catalogue(  # noqa: N802  gRPC's name
        self, request: coordinator_pb2.CoordinatorServiceCatalogueRequest, context: CallContext
    ) -> coordinator_pb2.CoordinatorServiceCatalogueResponse:
        async with guarded(context, "Catalogue", self._permitted, self._clocks):
            events = await self._handler.catalogue(_seconds(request.deadline_ms))
            return coordinator_pb2.CoordinatorServiceCatalogueResponse(
                events=[event_to_wire(event) for event in events]
            )

    async def Ask(  # type: ignore[override]  # noqa: N802  the stubs know only handlers that yield
        self, request: coordinator_pb2.CoordinatorServiceAskRequest, context: CallContext
    ) -> None:
        async with guarded(context, "Ask", self._permitted, self._clocks):
            query = envelope_from_wire(request.query, what="query")
            credential = envelope_from_wire(request.credential, what="credential")
            events = self._handler.ask(query, credential, _seconds(request.deadline_ms))
            try:
                async for event in events:
                    await context.write(coordinator_pb2.CoordinatorServiceAskResponse(event=event_to_wire(event)))
            finally:
                # Written, not yielded: so an analyst who goes away ends the fan-out in this task, at once.
                if close := getattr(events, "aclose", None):
                    await close()


def _catalogue_request(deadline_s: float) -> coordinator_pb2.CoordinatorServiceCatalogueRequest:
    return coordinator_pb2.CoordinatorServiceCatalogueRequest(deadline_ms=_milliseconds(deadline_s))


def _ask_request(
    query: Envelope, credential: Envelope, deadline_s: float
) -> coordinator_pb2.CoordinatorServiceAskRequest:
    return coordinator_pb2.CoordinatorServiceAskRequest(
        query=envelope_to_wire(query), credential=envelope_to_wire(credential), deadline_ms=_milliseconds(deadline_s)
    )


def _milliseconds(deadline_s: float) -> int:
    if not 0.001 <= deadline_s <= MAX_DEADLINE_S:
        raise ValueError(f"deadline_s is {deadline_s}; it must be 0.001 to {MAX_DEADLINE_S:g}")
    return int(deadline_s * 1000)


def _seconds(deadline_ms: int) -> float:
    if not 1 <= deadline_ms <= MAX_DEADLINE_S * 1000:
        raise PeerError(f"deadline_ms is {deadline_ms}; it must be 1 to {MAX_DEADLINE_S * 1000:.0f}")
    return deadline_ms / 1000
