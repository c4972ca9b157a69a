"""Guard around every call that a server answers: it decides who may call, and turns errors into statuses."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from hansa_core.errors import RefusedError
from hansa_wire.rpc.clocks import Clocks, clock_in, clock_metadata
from hansa_wire.rpc.pins import EXPIRED_CERTIFICATE, UNPINNED_PEER
from hansa_wire.rpc.status import status_from_error
from hansa_wire.rpc.tls import expiry_of, peer_certificate

log = logging.getLogger(__name__)


if TYPE_CHECKING:  # generic in the stubs only
    CallContext = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class CallingPeer:
    """The peer that calls. `certificate`: that it shows, in PEM. `says`: the time by its clock; None: it says none."""

    certificate: bytes
    says: datetime | None

    @property
    def expires(self) -> datetime:
        """When the certificate does, naive UTC. Raises PeerError where it does not parse."""
        return expiry_of(self.certificate)


Permitted = Callable[[CallingPeer], bool]
"""Whether a peer may call; it may raise RefusedError to say why not."""


@asynccontextmanager
async def guarded(context: CallContext, call: str, permitted: Permitted, clocks: Clocks) -> AsyncIterator[None]:
    """Runs the body if the caller is `permitted`; any error ends the call with its status.

    TLS looked at the dates of the caller's certificate when the connection was made, which may be long ago: one that
    has expired since is refused here. The trailer tells the time.
    """
    try:
        caller = caller_of(context)
        if not permitted(caller):
            raise RefusedError(
                code=UNPINNED_PEER,
                rule="the caller's certificate is one that the roster expects here",
                remedy="use the certificate of your own city, or ask the governors to publish its new pin",
            )
        check_in_force(caller, clocks.now())
        yield
        context.set_trailing_metadata(clock_metadata(clocks.now()))
    except Exception as error:  # noqa: BLE001  the table decides what is told
        await end_with_status(context, call, error, clocks)


@asynccontextmanager
async def told_by_status(context: CallContext, call: str, clocks: Clocks) -> AsyncIterator[None]:
    """Runs the body; any error ends the call with its status."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  the table decides what is told
        await end_with_status(context, call, error, clocks)


async def end_with_status(context: CallContext, call: str, error: Exception, clocks: Clocks | None = None) -> None:
    """End the call with the error's status, and with the own time where there are `clocks`.

    An error that the table does not list is logged by its type alone: its text may carry a value of the data.
    """
    status = status_from_error(error)
    if status.code is grpc.StatusCode.INTERNAL:
        log.error("call failed", extra={"call": call, "error": type(error).__name__})
    told: tuple[tuple[str, str], ...] = () if clocks is None else clock_metadata(clocks.now())
    trailer: tuple[tuple[str, str | bytes], ...] = (*status.metadata, *told)
    await context.abort(status.code, status.text, trailing_metadata=trailer)


def caller_of(context: CallContext) -> CallingPeer:
    """Who calls. Raises PeerError on a connection without a certificate."""
    return CallingPeer(peer_certificate(context), clock_in(context.invocation_metadata()))


def check_in_force(caller: CallingPeer, now: datetime) -> None:
    """Raise RefusedError `certificate_expired` if the caller's certificate is over at `now`."""
    if now >= caller.expires:
        raise RefusedError(
            code=EXPIRED_CERTIFICATE,
            rule=f"a caller's certificate is in force, also on a connection that lasts; it ended at {caller.expires}Z",
            remedy="whoever calls here has to install a new certificate from the same CA; where it has not ended yet, a"
            " clock is wrong and has to be set",
        )
