"""The calls between a coordinator and a city's node, in values of the core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import grpc
import grpc.aio

from hansa_core.signing.dsse import Envelope
from hansa_protos.v1 import node_pb2, node_pb2_grpc
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.rpc.guard import guarded
from hansa_wire.rpc.replies import ReplyT, reading_reply, reply_as
from hansa_wire.rpc.status import error_from_status
from hansa_wire.rpc.tls import spki_of

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


def add_node_service(server: grpc.aio.Server, handler: NodeHandler, allow: Callable[[str], bool]) -> None:
    """Serve `handler` to the peers whose pin (hex SHA-256 of their SPKI) `allow` accepts."""
    node_pb2_grpc.add_NodeServiceServicer_to_server(_NodeServicer(handler, allow), server)


class NodeClient:
    """A city's node at the other end of a channel.

    Every method raises RefusedError or PeerError as the node demands, GarbledReplyError where what it gave back cannot
    be read, TimeoutError when the deadline passes, and ConnectionError when the node cannot be reached or is not who it
    should be.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: node_pb2_grpc.NodeServiceAsyncStub = node_pb2_grpc.NodeServiceStub(channel)

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Answered:
        """The signed answer and its receipt, both unverified."""
        call = self._stub.Ask(_ask_request(query, credential), timeout=deadline_s)
        response = await _answered(call, node_pb2.NodeServiceAskResponse)
        with reading_reply():
            return Answered(envelope_from_wire(response.answer, what="answer"), response.receipt)

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Envelope:
        """The signed dry-run report, unverified."""
        request = node_pb2.NodeServiceDryRunRequest(
            query=envelope_to_wire(query), credential=envelope_to_wire(credential)
        )
        call = self._stub.DryRun(request, timeout=deadline_s)
        response = await _answered(call, node_pb2.NodeServiceDryRunResponse)
        with reading_reply():
            return envelope_from_wire(response.report, what="dry-run report")

    async def describe(self, *, deadline_s: float) -> Envelope:
        """The signed description, unverified."""
        call = self._stub.Describe(node_pb2.NodeServiceDescribeRequest(), timeout=deadline_s)
        response = await _answered(call, node_pb2.NodeServiceDescribeResponse)
        with reading_reply():
            return envelope_from_wire(response.description, what="description")


@lru_cache(maxsize=8)  # a question goes to many nodes at once
def _ask_request(query: Envelope, credential: Envelope) -> node_pb2.NodeServiceAskRequest:
    return node_pb2.NodeServiceAskRequest(query=envelope_to_wire(query), credential=envelope_to_wire(credential))


async def _answered(call: Awaitable[ReplyT], kind: type[ReplyT]) -> ReplyT:
    try:
        return reply_as(kind, await call)
    except grpc.aio.AioRpcError as error:
        raise error_from_status(error) from error


class _NodeServicer(node_pb2_grpc.NodeServiceServicer):
    """Opens requests, closes responses."""

    def __init__(self, handler: NodeHandler, allow: Callable[[str], bool]) -> None:
        self._handler = handler
        self._permitted = lambda cert_pem: allow(spki_of(cert_pem))

    async def Ask(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceAskRequest, context: CallContext
    ) -> node_pb2.NodeServiceAskResponse:
        async with guarded(context, "Ask", self._permitted):
            query = envelope_from_wire(request.query, what="query")
            credential = envelope_from_wire(request.credential, what="credential")
            answer = await self._handler.ask(query, credential, deadline_s=context.time_remaining())
            return node_pb2.NodeServiceAskResponse(answer=envelope_to_wire(answer.envelope), receipt=answer.receipt)

    async def DryRun(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceDryRunRequest, context: CallContext
    ) -> node_pb2.NodeServiceDryRunResponse:
        async with guarded(context, "DryRun", self._permitted):
            query = envelope_from_wire(request.query, what="query")
            credential = envelope_from_wire(request.credential, what="credential")
            report = await self._handler.dry_run(query, credential, deadline_s=context.time_remaining())
            return node_pb2.NodeServiceDryRunResponse(report=envelope_to_wire(report))

    async def Describe(  # noqa: N802  gRPC's name
        self, request: node_pb2.NodeServiceDescribeRequest, context: CallContext
    ) -> node_pb2.NodeServiceDescribeResponse:
        async with guarded(context, "Describe", self._permitted):
            description = await self._handler.describe()
            return node_pb2.NodeServiceDescribeResponse(description=envelope_to_wire(description))
