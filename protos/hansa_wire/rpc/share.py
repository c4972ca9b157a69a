"""Shares: at most so many calls of one caller under way, so that nobody takes the places of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from inspect import isasyncgen
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from hansa_core.errors import BusyError
from hansa_wire.rpc.admission import RETRY_AFTER_S
from hansa_wire.rpc.guard import end_with_status
from hansa_wire.rpc.tls import peer_certificate

if TYPE_CHECKING:
    from hansa_wire.rpc.guard import CallContext

_BUILDERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Share:
    """At most `limit` calls at once for each certificate, of all the handlers that it is given."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; below 1 nobody could call")
        self._limit = limit
        self._inside: Counter[bytes] = Counter()

    def placed(self, handler: grpc.RpcMethodHandler[Any, Any], method: str) -> grpc.RpcMethodHandler[Any, Any]:
        """The method's handler, which holds a place while it runs."""
        answer: Any = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

        async def place(request: Any, context: CallContext) -> Any:
            try:
                caller = self._enter(context)
            except Exception as turned_away:
                await end_with_status(context, method, turned_away)
                raise
            try:
                answering = answer(request, context)
                if not isasyncgen(answering):
                    return await answering
                async for response in answering:
                    await context.write(response)
            finally:
                self._leave(caller)

        return _BUILDERS[handler.request_streaming, handler.response_streaming](
            place, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )

    def _enter(self, context: CallContext) -> bytes:
        """Who calls, and holds a place from now on. Raises BusyError where none is left, PeerError without a
        certificate."""
        caller = peer_certificate(context)
        if self._inside[caller] >= self._limit:
            raise BusyError(retry_after_s=RETRY_AFTER_S)
        self._inside[caller] += 1
        return caller

    def _leave(self, caller: bytes) -> None:
        self._inside[caller] -= 1
        if not self._inside[caller]:
            del self._inside[caller]


class SharedServer(grpc.aio.Server):
    """A server of which each caller has a `share`, of every service: those of health and reflection too.

    The handlers are wrapped when they are added. For an interceptor, which would do the same at each call, gRPC looks
    the handler up in a task of its own.
    """

    def __init__(self, server: grpc.aio.Server, share: Share) -> None:
        self._server = server
        self._share = share

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        self._server.add_generic_rpc_handlers([_Placed(each, self._share) for each in generic_rpc_handlers])

    def add_insecure_port(self, address: str) -> int:
        return self._server.add_insecure_port(address)

    def add_secure_port(self, address: str, server_credentials: grpc.ServerCredentials) -> int:
        return self._server.add_secure_port(address, server_credentials)

    async def start(self) -> None:
        await self._server.start()

    async def stop(self, grace: float | None) -> None:
        await self._server.stop(grace)

    async def wait_for_termination(self, timeout: float | None = None) -> bool:
        return await self._server.wait_for_termination(timeout)


class _Placed(grpc.GenericRpcHandler):
    """The handlers of one service, each made to hold a place once it is asked for."""

    def __init__(self, service: grpc.GenericRpcHandler, share: Share) -> None:
        self._service = service
        self._share = share
        self._known: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method
        placed = self._known.get(method)
        if placed is None:
            handler = self._service.service(handler_call_details)
            if handler is None:
                return None
            placed = self._known[method] = self._share.placed(handler, method)
        return placed
