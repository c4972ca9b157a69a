"""The streams that one peer keeps open, to each coordinator of its choice by that one's own name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import grpc.aio

from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.roster import CoordinatorEntry
from hansa_wire.attach.attach_rpc import attach
from hansa_wire.attach.attachment import Attachment, CallAnswerer
from hansa_wire.attach.messages import Reach
from hansa_wire.rpc.background import BackgroundTasks
from hansa_wire.rpc.clocks import Clocks
from hansa_wire.rpc.reconnect import STEADY_S, wait_before
from hansa_wire.rpc.tls import dial_aio

log = logging.getLogger(__name__)


class Attachments:
    """Keeps a peer attached. `name`: the peer's in the roster, for which `cert_pem` is pinned.

    `draw`: a random share, 0 to 1, at each call: it spreads the attempts to come back. `clocks`: the own one, and hears
    those of the coordinators.
    """

    def __init__(
        self,
        name: str,
        answerer: CallAnswerer,
        *,
        cert_pem: bytes,
        key_pem: bytes,
        draw: Callable[[], float],
        clocks: Clocks,
    ) -> None:
        self._name = name
        self._answerer = answerer
        self._cert_pem = cert_pem
        self._key_pem = key_pem
        self._draw = draw
        self._clocks = clocks
        self._reach: Reach = {}
        self._live: dict[CoordinatorEntry, Attachment] = {}
        self._let_in: set[CoordinatorEntry] = set()
        self._keeping: dict[CoordinatorEntry, asyncio.Task[None]] = {}
        self._tasks = BackgroundTasks("attach")
        self._telling: dict[Attachment, asyncio.Task[None]] = {}
        self._stopping = False

    @property
    def attached(self) -> frozenset[str]:
        """The names of the coordinators to which a stream is open at this moment."""
        return frozenset(entry.name for entry in self._let_in)

    def keep(self, coordinators: Sequence[CoordinatorEntry], reach: Reach) -> None:
        """Attach to each of `coordinators`, and again whenever a stream is lost."""
        self._reach = reach
        self.follow(coordinators)

    def follow(self, coordinators: Sequence[CoordinatorEntry]) -> None:
        """Stay attached to these from now on: to new and changed ones anew, and to no other."""
        for entry in self._keeping.keys() - set(coordinators):
            self._keeping.pop(entry).cancel()
        for entry in coordinators:
            if entry not in self._keeping:
                self._keeping[entry] = self._tasks.start(self._keep(entry))

    def present(self, reach: Reach) -> None:
        """Tell every coordinator which cities can be asked from now on; one that is slow holds up no other."""
        self._reach = reach
        for live in self._live.values():
            if live not in self._telling:
                self._telling[live] = self._tasks.start(self._tell(live))

    async def stop(self, grace_s: float) -> None:
        """Take no new calls, answer those under way for at most `grace_s`, and go away."""
        self._stopping = True
        for entry, task in self._keeping.items():
            if entry not in self._live:
                task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await asyncio.gather(*(live.hang_up() for live in tuple(self._live.values())))
                await asyncio.gather(*self._keeping.values(), return_exceptions=True)
        await self._tasks.close()

    async def _tell(self, live: Attachment) -> None:
        """The newest reach, however often it changes while the coordinator takes nothing."""
        told: Reach | None = None
        try:
            while told != self._reach:
                told = self._reach
                await live.present(told)
        finally:
            del self._telling[live]

    async def _keep(self, entry: CoordinatorEntry) -> None:
        loop, attempt = asyncio.get_running_loop(), 0
        while not self._stopping:
            began = loop.time()
            reason = "the coordinator ended the stream"
            try:
                await self._once(entry)
            except (ConnectionError, TimeoutError, PeerError, RefusedError) as lost:
                reason = str(lost)
            except Exception as failure:  # noqa: BLE001  whatever it was, a peer that never comes back is worse
                reason = type(failure).__name__  # its text may carry a value
            attempt = 1 if loop.time() - began >= STEADY_S else attempt + 1
            if not self._stopping:
                again_s = wait_before(attempt, self._draw())
                fields = {"coordinator": entry.name, "reason": reason, "again_in_s": round(again_s, 1)}
                log.warning("not attached", extra=fields)
                await asyncio.sleep(again_s)

    async def _once(self, entry: CoordinatorEntry) -> None:
        attachment = Attachment(self._name, self._answerer)
        await attachment.present(self._reach)
        self._live[entry] = attachment
        try:
            # A channel of its own each time: gRPC's own backoff would come on top of ours.
            async with self._dial(entry) as channel:
                await attach(channel, attachment, attached=partial(self._attached, entry), now=self._clocks.now())
        finally:
            self._live.pop(entry, None)
            self._let_in.discard(entry)

    def _attached(self, entry: CoordinatorEntry, says: datetime | None) -> None:
        self._let_in.add(entry)
        log.info("attached", extra={"coordinator": entry.name})
        self._clocks.heard(entry.name, says)

    def _dial(self, entry: CoordinatorEntry) -> grpc.aio.Channel:
        return dial_aio(
            entry.host,
            entry.port,
            ca_pem=entry.ca_pem,
            server_name=entry.server_name,
            cert_pem=self._cert_pem,
            key_pem=self._key_pem,
        )
