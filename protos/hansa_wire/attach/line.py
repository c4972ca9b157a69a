"""The asking end of an attached peer's stream: many calls at once, each with its own answer, deadline and cancel."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress

from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_protos.v1 import attach_pb2
from hansa_wire.attach.attach_codec import FailedCall, GrowingAnswer, call_to_wire, presence_from_wire
from hansa_wire.attach.messages import MAX_CALLS, Attacher, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_RESPONSE_BYTES
from hansa_wire.rpc.admission import RETRY_AFTER_S
from hansa_wire.rpc.pins import UNPINNED_PEER
from hansa_wire.rpc.replies import GarbledReplyError, reading_reply
from hansa_wire.rpc.status import error_from_status

_MOST_UNSENT = 256  # messages; a peer that takes none of so many is as good as gone
_MOST_UNFINISHED_BYTES = 4 * MAX_RESPONSE_BYTES  # of all its answers together that lack their last part


def not_theirs() -> RefusedError:
    """The refusal of a peer that attaches with another's certificate, or presents another's city."""
    return RefusedError(
        code=UNPINNED_PEER,
        rule="a peer attaches under the name that the roster pins its certificate for, a node for its own city",
        remedy="use the certificate of your own city, or ask the governors to publish its new pin",
    )


class Line:
    """An attached peer that can be asked until its stream ends. `reach`: the cities that it presents now."""

    def __init__(self, attacher: Attacher) -> None:
        self.attacher = attacher
        self.reach: Reach = {}
        self.outgoing: asyncio.Queue[attach_pb2.AttachServiceAttachResponse] = asyncio.Queue(_MOST_UNSENT)
        self.closed = asyncio.Event()
        self._ids = itertools.count(1)
        self._unfinished_bytes = 0
        self._waiting: dict[int, tuple[asyncio.Future[Answered], GrowingAnswer]] = {}

    async def ask(self, call: CityCall) -> Answered:
        """The answer, unverified. Raises as NodeClient does. Cancelling it stops the work at the other end."""
        if self.closed.is_set():
            raise ConnectionError(f"{self.attacher.name} is not attached any more")
        if len(self._waiting) >= MAX_CALLS:
            raise BusyError(retry_after_s=RETRY_AFTER_S)
        call_id = next(self._ids)
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        try:
            self.outgoing.put_nowait(call_to_wire(call_id, call))
        except asyncio.QueueFull:
            raise ConnectionError(f"{self.attacher.name} is attached, but takes no messages") from None
        self._waiting[call_id] = (answer, GrowingAnswer())
        try:
            async with asyncio.timeout(call.deadline_s):
                return await answer
        except (TimeoutError, asyncio.CancelledError):
            with suppress(asyncio.QueueFull):  # the call carries its deadline, so it ends there in any case
                self.outgoing.put_nowait(
                    attach_pb2.AttachServiceAttachResponse(cancel=attach_pb2.Cancel(call_id=call_id))
                )
            raise
        finally:
            _, growing = self._waiting.pop(call_id)
            self._unfinished_bytes -= growing.size

    def heard(self, message: attach_pb2.AttachServiceAttachRequest) -> bool:
        """Take in what the peer says; whether its reach has changed. Raises PeerError, RefusedError: end the stream."""
        match message.WhichOneof("said"):
            case "presence":
                return self._present(*presence_from_wire(message.presence))
            case "part":
                self._grow(message.part)
            case "failure":
                waiting = self._waiting.get(message.failure.call_id)
                if waiting is not None and not waiting[0].done():
                    waiting[0].set_exception(error_from_status(FailedCall(message.failure)))
            case _:
                raise PeerError("attach: a message without content, or of a newer version of Hansa")
        return False

    def close(self) -> None:
        """End the stream: every call under way ends with ConnectionError."""
        self.closed.set()
        for answer, _ in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError(f"{self.attacher.name} went away before it answered"))

    def _present(self, name: str, reach: Reach) -> bool:
        if name != self.attacher.name or not self.attacher.may_present(reach):
            raise not_theirs()
        changed, self.reach = reach != self.reach, reach
        return changed

    def _grow(self, part: attach_pb2.AnswerPart) -> None:
        waiting = self._waiting.get(part.call_id)
        if waiting is None or waiting[0].done():
            return  # nobody waits any more
        answer, growing = waiting
        if self._unfinished_bytes + len(part.content) > _MOST_UNFINISHED_BYTES:
            answer.set_exception(BusyError(retry_after_s=RETRY_AFTER_S))
            return
        before = growing.size
        try:
            with reading_reply():
                whole = growing.add(part)
        except GarbledReplyError as broken:
            answer.set_exception(broken)
        else:
            if whole is not None:
                answer.set_result(whole)
        self._unfinished_bytes += growing.size - before
