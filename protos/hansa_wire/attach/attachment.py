"""The answering end of an attached peer's stream: every call is a task of its own, under its own deadline."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

import grpc

from hansa_core.errors import PeerError
from hansa_protos.v1 import attach_pb2
from hansa_wire.attach.attach_codec import answer_in_parts, call_from_wire, failure_to_wire, presence_to_wire
from hansa_wire.attach.messages import MAX_CALLS, CallKind, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_REQUEST_BYTES
from hansa_wire.rpc.background import BackgroundTasks
from hansa_wire.rpc.node_rpc import NodeHandler
from hansa_wire.rpc.status import status_from_error

log = logging.getLogger(__name__)

_MOST_UNSENT = 8  # messages: parts of large answers wait in their calls, not in memory
_MOST_CALLS = 2 * MAX_CALLS  # those that were cancelled a moment ago are still ending


class CallAnswerer(Protocol):
    """Answers the calls that come over a stream."""

    async def answer(self, call: CityCall) -> Answered:
        """The answer. Raises as a NodeHandler does. Cancelled when nobody waits any more."""


@dataclass(frozen=True, slots=True)
class NodeAnswerer:
    """Answers as the node of `city` does where it listens."""

    city: str
    handler: NodeHandler

    async def answer(self, call: CityCall) -> Answered:
        if call.city != self.city:
            raise PeerError(f"call: this is the node of {self.city}")
        if call.query is None or call.credential is None:
            return Answered(await self.handler.describe(), b"")
        if call.kind is CallKind.DRY_RUN:
            return Answered(await self.handler.dry_run(call.query, call.credential, deadline_s=call.deadline_s), b"")
        return await self.handler.ask(call.query, call.credential, deadline_s=call.deadline_s)


class Attachment:
    """One stream's calls. `outgoing`: what is to be sent, in order; None hangs up."""

    def __init__(self, name: str, answerer: CallAnswerer) -> None:
        self.outgoing: asyncio.Queue[attach_pb2.AttachServiceAttachRequest | None] = asyncio.Queue(_MOST_UNSENT)
        self._name = name
        self._answerer = answerer
        self._tasks = BackgroundTasks("attached call")
        self._calls: dict[int, asyncio.Task[None]] = {}

    async def present(self, reach: Reach) -> None:
        """Say which cities can be asked; none: no new calls."""
        await self.outgoing.put(presence_to_wire(self._name, reach))

    def heard(self, message: attach_pb2.AttachServiceAttachResponse) -> None:
        """Take in what the coordinator says. Raises PeerError."""
        match message.WhichOneof("said"):
            case "call":
                call_id = message.call.call_id
                if call_id in self._calls:
                    raise PeerError(f"attach: call {call_id} comes twice")
                if len(self._calls) >= _MOST_CALLS:
                    raise PeerError(f"attach: more than {MAX_CALLS:,} calls at once")
                if message.call.ByteSize() > MAX_REQUEST_BYTES:
                    raise PeerError(f"attach: a call has at most {MAX_REQUEST_BYTES:,} bytes")
                task = self._tasks.start(self._answer(call_id, message.call))
                self._calls[call_id] = task
                task.add_done_callback(lambda _: self._calls.pop(call_id))
            case "cancel":
                if under_way := self._calls.get(message.cancel.call_id):
                    under_way.cancel()
            case _:
                raise PeerError("attach: a message without content, or of a newer version of Hansa")

    async def hang_up(self) -> None:
        """Take no new calls, answer those that are under way, and then end the stream."""
        await self.present({})
        while self._calls:
            await asyncio.wait(tuple(self._calls.values()))
        await self.outgoing.put(None)

    async def abandon(self) -> None:
        """Cancel what is under way: nobody is there to be told."""
        await self._tasks.close()

    async def _answer(self, call_id: int, message: attach_pb2.CityCall) -> None:
        try:
            call = call_from_wire(message)
            async with asyncio.timeout(call.deadline_s):
                answer = await self._answerer.answer(call)
        except Exception as error:  # noqa: BLE001  the table decides what is told
            status = status_from_error(error)
            if status.code is grpc.StatusCode.INTERNAL:
                log.error("call failed", extra={"call": "Attach", "error": type(error).__name__})  # noqa: TRY400
            await self.outgoing.put(failure_to_wire(call_id, status))
        else:
            for part in answer_in_parts(call_id, answer):
                await self.outgoing.put(part)
