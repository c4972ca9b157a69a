"""A peer that holds its own keys and gives back whatever it likes, over gRPC."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio

from hansa_protos.v1 import answer_pb2, coordinator_pb2, envelope_pb2, node_pb2
from hansa_wire.codec.limits import MAX_RESPONSE_BYTES
from hansa_wire.rpc.coordinator_rpc import COORDINATOR_SERVICE

EMPTY = envelope_pb2.Envelope()


def event(**fields: object) -> bytes:
    return coordinator_pb2.CoordinatorServiceAskResponse(
        event=coordinator_pb2.CityEvent(**fields)  # type: ignore[arg-type]
    ).SerializeToString()


REPLIES: dict[str, Callable[[], bytes]] = {
    "random bytes": lambda: os.urandom(400),
    "all ones": lambda: b"\xff" * 400,
    "nothing": lambda: b"",
    "30 MB": lambda: bytes(30_000_000),
    "another message": lambda: answer_pb2.Refusal(code="denied", rule="no").SerializeToString(),
    "an envelope without signatures": lambda: node_pb2.NodeServiceAskResponse(answer=EMPTY).SerializeToString(),
    "an unknown state": lambda: event(city="bremen", state=77),
    "text that is no UTF-8": lambda: b"\x0a\x04\x0a\x02\xff\xfe",
}

OVERSIZE = bytes(MAX_RESPONSE_BYTES + 1)
"""One byte more than is read of a peer."""


def hostile_server(reply: bytes) -> grpc.aio.Server:
    """A server without a port that answers every call with `reply`, however large."""
    server = grpc.aio.server(options=[("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((HostilePeer(reply),))
    return server


class HostilePeer(grpc.GenericRpcHandler):
    """Answers every call of every service with `reply`, whatever comes in."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        if details.method == f"/{COORDINATOR_SERVICE}/Ask":
            return grpc.unary_stream_rpc_method_handler(self._stream)
        return grpc.unary_unary_rpc_method_handler(self._unary)

    async def _unary(self, request: bytes, context: object) -> bytes:
        return self._reply

    async def _stream(self, request: bytes, context: object) -> AsyncIterator[bytes]:
        yield self._reply
