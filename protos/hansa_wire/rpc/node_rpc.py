"""The calls between a coordinator and a city's node, in values of the core."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio

from hansa_core.signing.dsse import Envelope
from hansa_protos.v1 import node_pb2, node_pb2_grpc
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.rpc.clocks import Clocks, clock_in, clock_metadata
from hansa_wire.rpc.guard import Permitted, guarded
from hansa_wire.rpc.replies import ReplyT, reading_reply, reply_as
from hansa_wire.rpc.status import error_from_status

if TYPE_CHECKING:
    from hansa_wire.rpc.guard import CallContext

NODE_SERVICE: str = node_pb2.DESCRIPTOR.services_by_name["NodeService"].full_name


class NodeHandler(Protocol):
    """What a city's node does with a call. A call whose deadline passes is cancelled.

    RefusedError and PeerError end the call with their own words, any other error without any.
    """

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        """The signed answer and its receipt. `deadline_s`: how long the caller waits; None: for ever."""

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        """The signed dry-run report."""

    async def describe(self) -> Envelope:
        """The signed description."""


def add_node_service(server: grpc.aio.Server, handler: NodeHandler, allow: Permitted, clocks: Clocks) -> None:
    """Serve `handler` to the callers that `allow` accepts."""
    node_pb2_grpc.add_NodeServiceServicer_to_server(_NodeServicer(handler, allow, clocks), server)


class NodeClient:
    """The node of `city` at the other end of a channel. Each call tells the own time, and `clocks` hears the node's.

    Every method raises RefusedError or PeerError as the node demands, GarbledReplyError where what it gave back cannot
    be read, TimeoutError when the deadline passes, and ConnectionError when the node cannot be reached or is not who it
    should be.
    """

    def __init__(self, channel: grpc.aio.Channel, city: str, clocks: Clocks) -> None:
        self._stub: node_pb2_grpc.NodeServiceAsyncStub = node_pb2_grpc.NodeServiceStub(channel)
        self._city = city
        self._clocks = clocks

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Answered:
        """The signed answer and its receipt, both unverified."""
        call = self._stub.Ask(_ask_request(query, credential), timeout=deadline_s, metadata=self._own_time())
        response = await self._answered(call, node_pb2.NodeServiceAskResponse)
        with reading_reply():
            return Answered(envelope_from_wire(response.answer, what="answer"), response.receipt)

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Envelope:
        """The signed dry-run report, unverified."""
        request = node_pb2.NodeServiceDryRunRequest(
            query=envelope_to_wire(query), credential=envelope_to_wire(credential)
        )
        call = self._stub.DryRun(request, timeout=deadline_s, metadata=self._own_time())
        response = await self._answered(call, node_pb2.NodeServiceDryRunResponse)
        with reading_reply():
            return envelope_from_wire(response.report, what="dry-run report")

    async def describe(self, *, deadline_s: float) -> Envelope:
        """The signed description, unverified."""
        call = self._stub.Describe(node_pb2.NodeServiceDescribeRequest(), timeout=deadline_s, metadata=self._own_time())
        response = await self._answered(call, node_pb2.NodeServiceDescribeResponse)
        with reading_reply():
            return envelope_from_wire(response.description, what="description")

    async def _answered(self, call: grpc.aio.UnaryUnaryCall[Any, ReplyT], kind: type[ReplyT]) -> ReplyT:
        try:
            reply = reply_as(kind, await call)
            self._clocks.heard(self._city, clock_in(await call.trailing_metadata()))
        except grpc.aio.AioRpcError as error:
            self._clocks.heard(self._city, clock_in(error.trailing_metadata()))
            raise error_from_status(error) from error
        return reply

    def _own_time(self) -> tuple[tuple[str, str], ...]:
        return clock_metadata(self._clocks.now())


@lru_cache(maxsize=8)  # a question goes to many nodes at once
def _ask_request(query: Envelope, credential: Envelope) -> node_pb2.NodeServiceAskRequest:
    return node_pb2.NodeServiceAskRequest(query=envelope_to_wire(query), credential=envelope_to_wire(credential))


class _NodeServicer(node_pb2_grpc.NodeServiceServicer):
    """Opens requests, closes responses."""

    def __init__(self, handler: NodeHandler, allow: Permitted, clocks: Clocks) -> None:
        self._handler = handler
        self._permitted = allow
        self._clocks = clocks

    async def Ask(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceAskRequest, context: CallContext
    ) -> node_pb2.NodeServiceAskResponse:
        async with guarded(context, "Ask", self._permitted, self._clocks):
            query = envelope_from_wire(request.query, what="query")
            credential = envelope_from_wire(request.credential, what="credential")
            answer = await self._handler.ask(query, credential, deadline_s=context.time_remaining())
            return node_pb2.NodeServiceAskResponse(answer=envelope_to_wire(answer.envelope), receipt=answer.receipt)

    async def DryRun(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceDryRunRequest, context: CallContext
    ) -> node_pb2.NodeServiceDryRunResponse:
        async with guarded(context, "DryRun", self._permitted, self._clocks):
            query = envelope_from_wire(request.query, what="query")
            credential = envelope_from_wire(request.credential, what="credential")
            report = await self._handler.dry_run(query, credential, deadline_s=context.time_remaining())
            return node_pb2.NodeServiceDryRunResponse(report=envelope_to_wire(report))

    async def Describe(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceDescribeRequest, context: CallContext
    ) -> node_pb2.NodeServiceDescribeResponse:
        async with guarded(context, "Describe", self._permitted, self._clocks):
            description = await self._handler.describe()
            return node_pb2.NodeServiceDescribeResponse(description=envelope_to_wire(description))
