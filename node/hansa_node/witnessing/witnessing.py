"""Witnessing of the own log while the node runs: confirmed before it signs anything, cosigned and mirrored after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import EMPTY_ROOT
from hansa_node.clock import Clock
from hansa_node.log.own_log import OwnLog
from hansa_node.node_stop import FATAL, ForkError
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.cosigning import Cosigning
from hansa_node.witnessing.panel import WitnessPanel
from hansa_node.witnessing.status import WitnessStatus
from hansa_wire.rpc.reconnect import wait_before

log = logging.getLogger(__name__)

_ResultT = TypeVar("_ResultT")
RENEWED_AFTER = timedelta(hours=12)
"""How old cosignatures may become while nothing is logged."""
_ROUND_S = 20.0
_UNREACHED = (ConnectionError, TimeoutError, PeerError)


class Witnessing:
    """Asks the witnesses of `panel`, of which a quorum has to cosign.

    `draw`: a random share, 0 to 1: it spreads attempts.
    """

    def __init__(
        self,
        own_log: OwnLog,
        panel: WitnessPanel,
        *,
        status: WitnessStatus,
        every_s: float,
        executor: Executor,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        self._log = own_log
        self._panel = panel
        self._status = status
        self._every_s = every_s
        self._executor = executor
        self._clock = clock
        self._draw = draw
        self._silent: set[str] = set()
        self._had_quorum = True
        self._was_unwitnessed = False

    async def confirm(self) -> None:
        """Return once no later state of the log can have been witnessed; at once without a quorum to ask.

        Of any quorum of k among n, one is among n - k + 1. Raises ForkError if one knows a later or another log.
        """
        heard: set[Cosigning] = set()
        enough = len(self._panel.witnesses) - self._panel.quorum + 1 if self._panel.quorum else 0
        attempt = 0
        while len(heard) < enough:
            note = await self._run(self._newest_or_empty)
            missing = [witness for witness in self._panel.witnesses if witness not in heard]
            lines = await asyncio.gather(*(self._heard(partial(witness.cosign, note), witness) for witness in missing))
            heard |= {witness for witness, line in zip(missing, lines, strict=True) if line is not None}
            if len(heard) < enough:
                attempt += 1
                again_s = wait_before(attempt, self._draw())
                log.warning("waiting for witnesses", extra={"heard": len(heard), "needed": enough})
                await asyncio.sleep(again_s)

    async def run(self) -> None:
        """Ask after each growth, again those that gave nothing, and all after RENEWED_AFTER or when the league in force
        names others, until cancelled.

        So a log that does not grow does not look old: its cosignatures say how lately it was seen to be the newest.
        """
        asked, asked_at, lines = 0, self._clock(), dict[Cosigning, bytes]()
        while True:
            size, now = await self._run(lambda: self._log.size), self._clock()
            is_changed = self._panel.follow()
            if is_changed or size != asked or now - asked_at >= RENEWED_AFTER:
                asked, asked_at, lines = size, now, {}
            try:
                await self._have_cosigned(size, lines)
                await self._run(self._look_back)
                self._tell(has_quorum=not size or len(lines) >= self._panel.quorum)
            except StoreUnavailableError as failure:
                log.error("cosignatures not kept", extra={"remedy": str(failure)})  # noqa: TRY400  no traceback
            await asyncio.sleep(self._every_s)

    async def _have_cosigned(self, size: int, lines: dict[Cosigning, bytes]) -> None:
        """Add to `lines` what those say of the checkpoint of `size` who have not said it yet."""
        lacking = [witness for witness in self._panel.witnesses if witness not in lines]
        if not lacking or not size:
            return
        note = await self._run(lambda: self._log.checkpoint(size))
        assert note is not None
        said = await asyncio.gather(*(self._line_of(witness, note, size) for witness in lacking))
        given = {witness: line for witness, line in zip(lacking, said, strict=True) if line is not None}
        if not given:
            return
        was_quorum, is_quorum = len(lines) >= self._panel.quorum, len(lines) + len(given) >= self._panel.quorum
        complete_at = self._clock() if is_quorum and not was_quorum else None
        await self._run(lambda: self._log.add_cosignatures(size, list(given.values()), complete_at=complete_at))
        lines |= given
        if is_quorum:
            cosigned = await self._run(lambda: self._log.checkpoint(size))
            assert cosigned is not None
            await asyncio.gather(*(self._heard(partial(each.show, cosigned, size), each) for each in lines))

    def _look_back(self) -> None:
        """Note since when there is an entry that no quorum covers."""
        witnessed = self._log.witnessed() if self._panel.quorum else (self._log.size, None)
        self._status.uncovered_since = self._log.time_of(0 if witnessed is None else witnessed[0])

    def _tell(self, *, has_quorum: bool) -> None:
        """One line when a round misses the quorum, one when too long without it stops all answers, and one each when
        that is over."""
        since, now = self._status.uncovered_since, self._clock()
        if since is not None and not has_quorum and self._had_quorum:
            until = since + self._status.max_unwitnessed
            log.warning("no quorum of witnesses", extra=self._lack(since) | {"answers_until": f"{until}Z"})
        elif has_quorum and not self._had_quorum:
            log.info("quorum of witnesses again")
        self._had_quorum = has_quorum or since is None
        is_unwitnessed = self._status.is_unwitnessed(now)
        if since is not None and is_unwitnessed and not self._was_unwitnessed:
            log.error("unwitnessed, nothing is answered", extra=self._lack(since))
        elif self._was_unwitnessed and not is_unwitnessed:
            log.info("witnessed again, answers go on")
        self._was_unwitnessed = is_unwitnessed

    def _lack(self, since: datetime) -> dict[str, object]:
        return {
            "since": f"{since}Z",
            "silent": ",".join(sorted(self._silent)),
            "needed": self._panel.quorum,
            "witnesses": len(self._panel.witnesses),
        }

    async def _heard(self, ask: Callable[[], Awaitable[_ResultT]], witness: Cosigning) -> _ResultT | None:
        """What the witness gives; None, and one line when it falls silent, where it gives nothing."""
        city = witness.peer.member.city
        try:
            given = await ask()
        except (*FATAL, StoreUnavailableError):
            raise  # it is about the own store or log, not about the witness
        except Exception as failure:  # noqa: BLE001  whatever one witness gives, the others are heard
            if city not in self._silent:
                reason = str(failure) if isinstance(failure, _UNREACHED) else type(failure).__name__
                log.warning("witness silent", extra={"witness": city, "reason": reason})
            self._silent.add(city)
            return None
        if city in self._silent:
            log.info("witness heard again", extra={"witness": city})
            self._silent.discard(city)
        return given

    async def _line_of(self, witness: Cosigning, note: bytes, size: int) -> bytes | None:
        """While the node runs, one witness's word or slowness stops nothing: without a quorum the log stops by itself.

        A mirror that has much to catch up with goes on in the next round.
        """

        async def in_time() -> bytes:
            async with asyncio.timeout(_ROUND_S):
                return await witness.cosign_mirrored(note, size)

        try:
            return await self._heard(in_time, witness)
        except ForkError as fork:
            fields = {"witness": witness.peer.member.city, "reason": str(fork)}
            log.error("witness contradicts", extra=fields)  # noqa: TRY400  no traceback
            return None

    def _newest_or_empty(self) -> bytes:
        """What is asked about before anything else is signed: the empty tree begins every log."""
        note = self._log.checkpoint()
        if note is not None:
            return note
        identity = self._log.identity
        return sign_checkpoint(Checkpoint(identity.origin, 0, EMPTY_ROOT), identity.signer)

    async def _run(self, work: Callable[[], _ResultT]) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
