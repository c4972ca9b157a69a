"""Shares: at most so many calls of one caller under way, so that nobody takes the places of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from inspect import isasyncgen
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from hansa_core.errors import BusyError
from hansa_wire.rpc.admission import RETRY_AFTER_S
from hansa_wire.rpc.guard import told_by_status
from hansa_wire.rpc.tls import peer_certificate

if TYPE_CHECKING:
    from hansa_wire.rpc.guard import CallContext

_BUILDERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Share(grpc.aio.ServerInterceptor):
    """At most `limit` calls at once for each certificate, of every service: those of health and reflection too."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; below 1 nobody could call")
        self._limit = limit
        self._inside: Counter[bytes] = Counter()

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        """The call's handler, which holds a place while it runs."""
        handler = await continuation(details)
        if handler is None:
            return None
        answer = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

        async def placed(request: Any, context: CallContext) -> Any:
            async with told_by_status(context, details.method):
                caller = peer_certificate(context)
                if self._inside[caller] >= self._limit:
                    raise BusyError(retry_after_s=RETRY_AFTER_S)
                self._inside[caller] += 1
            try:
                answering = answer(request, context)
                if not isasyncgen(answering):
                    return await answering
                async for response in answering:
                    await context.write(response)
            finally:
                self._inside[caller] -= 1
                if not self._inside[caller]:
                    del self._inside[caller]

        return _BUILDERS[handler.request_streaming, handler.response_streaming](
            placed, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )
