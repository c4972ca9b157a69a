"""A question's whole way: each step's value is handed to the next, and nothing is sent before it is committed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from hansa_core.errors import RefusedError
from hansa_core.policy.decide import refusal_of
from hansa_core.query.answer import Refusal, Release
from hansa_core.query.query import Query
from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Envelope
from hansa_node.engines.stop import AbandonedError, Stop
from hansa_node.ground import Ground
from hansa_node.pipeline.bind import BoundPlan
from hansa_node.pipeline.commit import commit
from hansa_node.pipeline.decide import Permitted, Refused, asked_of, bind_and_decide
from hansa_node.pipeline.execute import execute
from hansa_node.pipeline.protect import protect
from hansa_node.pipeline.recall import Past, recall_answer, recall_release
from hansa_node.pipeline.reserve import reserve
from hansa_node.pipeline.seal import seal
from hansa_node.pipeline.verify import VerifiedQuery, verify
from hansa_node.records import Reservation
from hansa_node.single_flight import SingleFlight, Turns
from hansa_node.store_file import StoreUnavailableError

log = logging.getLogger(__name__)

_INTERRUPT_EVERY_S = 0.05
_ResultT = TypeVar("_ResultT")


class AskPipeline:
    """Answers queries. Blocking steps run in `executor`; the store has one writer."""

    def __init__(self, ground: Ground, executor: Executor) -> None:
        self._ground = ground
        self._executor = executor
        self._flights: SingleFlight[Envelope] = SingleFlight()
        self._turns = Turns()

    async def ask(self, query: Envelope, credential: Envelope) -> Envelope:
        """The signed answer or refusal, committed. Raises RefusedError where nobody is known to have asked."""
        now = self._ground.clock()
        check = partial(verify, payload_type=payload_types.QUERY, roster=self._ground.roster, now=now)
        verified = await self._run(check, query, credential)
        key = (verified.query_hash, verified.asker.key_id)
        return await self._flights.join(key, partial(self._answer_and_tell, verified))

    async def all_answered(self) -> None:
        """Wait until no query is under way."""
        await self._flights.all_landed()

    async def _answer_and_tell(self, verified: VerifiedQuery, abandoned: asyncio.Event) -> Envelope:
        """One log line per query, at its end: ids and sizes, never values."""
        started = time.monotonic()
        fields: dict[str, object] = {"query_id": verified.query_hash.hex()[:16], "key_id": verified.asker.key_id[:16]}
        try:
            answer, outcome = await self._answer(verified, abandoned)
        except AbandonedError:
            log.info("query abandoned", extra=fields | {"ms": _ms_since(started)})
            raise
        except BaseException as failure:
            # The type alone: an engine's message may carry a value. What the store says names a file and a remedy.
            fields |= {"error": type(failure).__name__, "ms": _ms_since(started)}
            if isinstance(failure, StoreUnavailableError):
                fields["remedy"] = str(failure)
            log.error("query failed", extra=fields)  # noqa: TRY400  no traceback
            raise
        match outcome:
            case None:
                log.info("query answered again", extra=fields | {"ms": _ms_since(started)})
            case Refusal():
                log.info("query refused", extra=fields | {"rule": outcome.code, "ms": _ms_since(started)})
            case Release():
                size = {"dataset": outcome.contract, "bytes": len(outcome.partial_ipc)}
                log.info("query answered", extra=fields | size | {"ms": _ms_since(started)})
        return answer

    async def _answer(
        self, verified: VerifiedQuery, abandoned: asyncio.Event
    ) -> tuple[Envelope, Release | Refusal | None]:
        """The answer, and its outcome unless these very bytes had their answer already."""
        query, ground = verified.content, self._ground
        nonce = query.nonce if isinstance(query, Query) else verified.query_hash
        # Queries under one nonce take turns, so that the second one sees what the first one claimed.
        async with self._turns.turn(("nonce", verified.asker.key_id, nonce)):
            now = ground.clock()
            past = await self._run(recall_answer, verified, ground.store, now)
            if past.answer is not None:
                return past.answer, None
            decide = partial(bind_and_decide, replayed=past.replayed, ground=ground, now=now)
            decided = await self._run(decide, verified)
            if isinstance(decided, Refused):
                finish = partial(self._seal_and_commit, verified, past, decided)
                return await self._run(finish, decided.refusal), decided.refusal
            # So do equal questions under different nonces: the first one's release is the others'.
            async with self._turns.turn(decided.plan.key):
                return await self._release(verified, past, decided, abandoned)

    async def _release(
        self, verified: VerifiedQuery, past: Past, permitted: Permitted, abandoned: asyncio.Event
    ) -> tuple[Envelope, Release | Refusal]:
        finish = partial(self._seal_and_commit, verified, past, permitted)
        known = await self._run(recall_release, permitted.plan, self._ground.store)
        if known is not None:
            return await self._run(partial(finish, recalled=True), known), known
        if abandoned.is_set():
            raise AbandonedError  # before anything is charged
        reservation = await self._run(self._reserve, verified, permitted)
        # A crash from here on leaves the reservation open; the next start records it as aborted.
        try:
            outcome = await self._compute(permitted.plan, abandoned)
            return await self._run(partial(finish, reservation=reservation), outcome), outcome
        except BaseException:
            await self._run(self._abort, reservation)
            raise

    async def _compute(self, plan: BoundPlan, abandoned: asyncio.Event) -> Release | Refusal:
        """The outcome. Raises AbandonedError once nobody waits for it: the charge stays, the engine does not go on."""
        stop = Stop()
        computing = asyncio.ensure_future(self._run(_compute, plan, stop))
        leaving = asyncio.create_task(abandoned.wait())
        await asyncio.wait((computing, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        while not computing.done():
            stop.now()
            await asyncio.wait((computing,), timeout=_INTERRUPT_EVERY_S)
        return computing.result()

    def _reserve(self, verified: VerifiedQuery, permitted: Permitted) -> Reservation:
        ground = self._ground
        asked = asked_of(verified, permitted.plan, ground)
        return reserve(permitted.permit, asked, permitted.query.nonce, store=ground.store, now=ground.clock())

    def _seal_and_commit(
        self,
        verified: VerifiedQuery,
        past: Past,
        decided: Permitted | Refused,
        outcome: Release | Refusal,
        *,
        recalled: bool = False,
        reservation: Reservation | None = None,
    ) -> Envelope:
        ground, now = self._ground, self._ground.clock()
        nonce = ground.fresh_nonce()
        answer = seal(outcome, verified.query_hash, city=ground.city, signer=ground.signer, nonce=nonce, now=now)
        commit(
            answer,
            outcome,
            verified=verified,
            past=past,
            asked=asked_of(verified, decided.plan, ground),
            recalled=recalled,
            reservation=reservation,
            store=ground.store,
            now=now,
        )
        return answer

    def _abort(self, reservation: Reservation) -> None:
        try:
            self._ground.store.abort(reservation, now=self._ground.clock())
        except StoreUnavailableError:
            # Still open, so the next start records it; the error that led here is the one to tell.
            log.warning("reservation left open", extra={"reservation": reservation.id})

    async def _run(self, step: Callable[..., _ResultT], *arguments: object) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._executor, step, *arguments)


def _compute(plan: BoundPlan, stop: Stop) -> Release | Refusal:
    """Steps 6 and 7. Nothing but `too_many_cells` at `open` is refused this late."""
    try:
        return protect(execute(plan, stop))
    except RefusedError as broken:
        if broken.code != "too_many_cells":
            raise RuntimeError(f"a permitted query was refused late: {broken.code}") from None
        return refusal_of(broken)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
