"""What stands around every call that a server answers: who may call before it, the status table after it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from hansa_core.errors import RefusedError
from hansa_wire.rpc.pins import UNPINNED_PEER
from hansa_wire.rpc.status import status_from_error
from hansa_wire.rpc.tls import peer_certificate

log = logging.getLogger(__name__)


if TYPE_CHECKING:  # generic in the stubs only
    CallContext = grpc.aio.ServicerContext[Any, Any]


@asynccontextmanager
async def guarded(context: CallContext, call: str, permitted: Callable[[bytes], bool]) -> AsyncIterator[None]:
    """Runs the body if the peer's certificate is `permitted`; any error ends the call with its status.

    An error that the table does not list is logged by its type alone: its text may carry a value of the data.
    """
    try:
        if not permitted(peer_certificate(context)):
            raise RefusedError(
                code=UNPINNED_PEER,
                rule="the caller's certificate is one that the roster expects here",
                remedy="use the certificate of your own city, or ask the governors to publish its new pin",
            )
        yield
    except Exception as error:  # noqa: BLE001  the table decides what is told
        status = status_from_error(error)
        if status.code is grpc.StatusCode.INTERNAL:
            log.error("call failed", extra={"call": call, "error": type(error).__name__})  # noqa: TRY400  no traceback
        await context.abort(status.code, status.text, trailing_metadata=status.metadata)
