"""The stream of an attached peer over gRPC, at both of its ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio

from hansa_core.errors import PeerError
from hansa_protos.v1 import attach_pb2, attach_pb2_grpc
from hansa_wire.attach.attachment import Attachment
from hansa_wire.attach.line import Line, not_theirs
from hansa_wire.attach.messages import Attacher
from hansa_wire.rpc.clocks import Clocks, clock_in, clock_metadata
from hansa_wire.rpc.guard import CallingPeer, caller_of, check_in_force, told_by_status
from hansa_wire.rpc.status import error_from_status

if TYPE_CHECKING:
    from hansa_wire.rpc.guard import CallContext

log = logging.getLogger(__name__)

ATTACH_SERVICE: str = attach_pb2.DESCRIPTOR.services_by_name["AttachService"].full_name

_Response = attach_pb2.AttachServiceAttachResponse

GREETING_S = 10.0
"""Seconds that either end has for its first message."""

_LOOK_EVERY_S = 60.0

_BETWEEN_CHANGES_S = 0.02  # whoever changes what it presents in a flood is read no faster


Whose = Callable[[CallingPeer], Attacher | None]
"""Who attaches with that certificate; None: nobody who may."""


class AttachHandler(Protocol):
    """What a coordinator does with peers that attach."""

    def attached(self, line: Line) -> None:
        """A peer is there; `line.reach` says what for, and that may be nothing."""

    def changed(self, line: Line) -> None:
        """The peer's reach has changed."""

    def detached(self, line: Line) -> None:
        """The peer is gone; its line is closed."""


def add_attach_service(
    server: grpc.aio.Server, name: str, handler: AttachHandler, whose: Whose, clocks: Clocks
) -> None:
    """Let peers attach to the coordinator `name`, for as long as their certificates are in force."""
    attach_pb2_grpc.add_AttachServiceServicer_to_server(_AttachServicer(name, handler, whose, clocks), server)


async def attach(
    channel: grpc.aio.Channel, attachment: Attachment, *, attached: Callable[[datetime | None], None], now: datetime
) -> None:
    """Attach and answer until the coordinator ends the stream, also because `attachment` has hung up.

    What `attachment` says first must be its presence. `attached` is told, with what the coordinator's clock says, once
    the coordinator has let the peer in. `now`: by the own clock, naive UTC. Raises as NodeClient does.
    """
    stub: attach_pb2_grpc.AttachServiceAsyncStub = attach_pb2_grpc.AttachServiceStub(channel)
    call = stub.Attach(metadata=clock_metadata(now))

    async def send() -> None:
        while (message := await attachment.outgoing.get()) is not None:
            await call.write(message)
        await call.done_writing()

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(GREETING_S):
            greeting = await call.read()
        if not isinstance(greeting, _Response) or greeting.WhichOneof("said") != "attached":
            raise PeerError("attach: the coordinator does not greet")
        attached(clock_in(await call.initial_metadata()))
        while isinstance(message := await call.read(), _Response):  # anything else is gRPC's word for the end
            attachment.heard(message)
    except grpc.aio.AioRpcError as error:
        raise error_from_status(error) from error
    finally:
        call.cancel()
        sending.cancel()
        await asyncio.wait([sending])
        if not sending.cancelled():
            sending.exception()  # looked at: why the stream broke is what reading told
        await attachment.abandon()


class _AttachServicer(attach_pb2_grpc.AttachServiceServicer):
    """Greets, and carries messages until either side ends the stream."""

    def __init__(self, name: str, handler: AttachHandler, whose: Whose, clocks: Clocks) -> None:
        self._name = name
        self._handler = handler
        self._whose = whose
        self._clocks = clocks

    async def Attach(  # type: ignore[override]  # noqa: N802  the stubs know only handlers that yield
        self, _: AsyncIterator[attach_pb2.AttachServiceAttachRequest], context: CallContext
    ) -> None:
        async with told_by_status(context, "Attach", self._clocks):
            # Read before anybody is turned away: a peer that is still writing would miss why.
            async with asyncio.timeout(GREETING_S):
                first = await context.read()
            caller = caller_of(context)
            attacher = self._whose(caller)
            if attacher is None:
                raise not_theirs()
            check_in_force(caller, self._clocks.now())
            if first is grpc.aio.EOF or first.WhichOneof("said") != "presence":
                raise PeerError("attach: the first message says who attaches")
            line = Line(attacher)
            line.heard(first)
            line.outgoing.put_nowait(_Response(attached=attach_pb2.Attached(coordinator=self._name)))
            await context.send_initial_metadata(clock_metadata(self._clocks.now()))
            self._handler.attached(line)
            reading = asyncio.create_task(self._read(line, context))
            tasks = (reading, asyncio.create_task(_send(line, context)), asyncio.create_task(line.closed.wait()))
            try:
                await self._while_in_force(attacher, caller, tasks)
            finally:
                line.close()
                self._handler.detached(line)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if not reading.cancelled():
                reading.result()

    async def _while_in_force(
        self, attacher: Attacher, caller: CallingPeer, tasks: Collection[asyncio.Task[Any]]
    ) -> None:
        """Until one of `tasks` ends. Raises RefusedError once the peer's certificate has expired."""
        ended: Collection[asyncio.Task[Any]] = ()
        while not ended and (left_s := (caller.expires - self._clocks.now()).total_seconds()) > 0:
            # Looked at now and then, since the clock may be set meanwhile.
            ended, _ = await asyncio.wait(
                tasks, timeout=min(left_s, _LOOK_EVERY_S), return_when=asyncio.FIRST_COMPLETED
            )
        if not ended:
            log.warning("attached peer's certificate has expired", extra={"peer": attacher.name})
            check_in_force(caller, self._clocks.now())

    async def _read(self, line: Line, context: CallContext) -> None:
        while (message := await context.read()) is not grpc.aio.EOF:
            if line.heard(message):
                self._handler.changed(line)
                await asyncio.sleep(_BETWEEN_CHANGES_S)


async def _send(line: Line, context: CallContext) -> None:
    while True:
        await context.write(await line.outgoing.get())
