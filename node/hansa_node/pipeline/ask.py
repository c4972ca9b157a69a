"""The pipeline of one question, from its signed bytes to the committed answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hansa_core.errors import BusyError, RefusedError, StoreCorruptError
from hansa_core.partial.answer import Refusal, Release
from hansa_core.plan.query import Query
from hansa_core.policy.decide import Refuse, refusal_of
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope
from hansa_node.context import NodeContext
from hansa_node.engines.stop import AbandonedError, Stop
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.announcements import LeagueChangedError, of_dataset
from hansa_node.node_stop import task_group
from hansa_node.pipeline.bind import BoundQuestion
from hansa_node.pipeline.commit import Ending, commit
from hansa_node.pipeline.decide import Permitted, Refused, asked_of, bind_and_decide
from hansa_node.pipeline.dry_run import dry_run
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.execute import execute
from hansa_node.pipeline.protect import protect
from hansa_node.pipeline.recall import Past, recall_answer, recall_release
from hansa_node.pipeline.single_flight import SingleFlight, Turns
from hansa_node.pipeline.verify import VerifiedQuery, verify
from hansa_node.pipeline.workers import Workers
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.store.reservations import Reservation
from hansa_wire.codec.answered import Answered

log = logging.getLogger(__name__)

_INTERRUPT_EVERY_S = 0.05
_SWAP_SOON_S = 0.005
_ResultT = TypeVar("_ResultT")
_REFUSED_LATE = frozenset({"too_many_cells", "too_large"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A permitted query that has had no answer yet."""

    past: Past
    permitted: Permitted


class AskPipeline:
    """Answers queries. What an engine computes has its turn in `queue`."""

    def __init__(self, context: NodeContext, workers: Workers, queue: EngineQueue) -> None:
        self._context = context
        self._workers = workers
        self._queue = queue
        self._flights: SingleFlight[Answered] = SingleFlight(workers.tasks)
        self._turns = Turns()

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        """The signed answer or refusal, committed, with its receipt. `deadline_s`: how long the asker waits.

        Raises RefusedError where nobody is known to have asked, BusyError where others' work leaves too little time.
        """
        started = time.monotonic()
        while True:
            league = self._context.league.now
            left_s = None if deadline_s is None else deadline_s - (time.monotonic() - started)
            with suppress(LeagueChangedError):
                return await self._ask_under(league, query, credential, left_s)
            while self._context.league.now is league:  # the log tells of a roster just before it is in force
                await asyncio.sleep(_SWAP_SOON_S)

    async def _ask_under(
        self, league: LeagueInForce, query: Envelope, credential: Envelope, deadline_s: float | None
    ) -> Answered:
        verified = await self._run(self._verify, query, credential, payload_types.QUERY, league)
        # By league as well: what a newer roster has overtaken gives no answer to those who came under that one.
        key = (verified.query_hash, verified.asker.key_id, league.roster_ref)
        return await self._flights.join(key, partial(self._answer_and_tell, verified, deadline_s))

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        """The signed report, by the same turns. Raises as `ask` does."""
        league = self._context.league.now
        verified = await self._run(self._verify, query, credential, payload_types.DRY_RUN, league)
        async with self._queue.turn(verified.asker, 0, deadline_s=deadline_s, abandoned=asyncio.Event()):
            return await self._run(dry_run, verified, self._context)

    def _verify(self, query: Envelope, credential: Envelope, payload_type: str, league: LeagueInForce) -> VerifiedQuery:
        now, expiry = self._context.clock(), self._context.expiry
        return verify(query, credential, payload_type=payload_type, league=league, now=now, expiry=expiry)

    async def all_answered(self) -> None:
        """Wait until no query is under way."""
        await self._flights.all_landed()

    async def _answer_and_tell(
        self, verified: VerifiedQuery, deadline_s: float | None, abandoned: asyncio.Event
    ) -> Answered:
        """One log line per query, at its end: ids and sizes, never values."""
        started = time.monotonic()
        fields: dict[str, object] = {"query_id": verified.query_hash.hex()[:16], "key_id": verified.asker.key_id[:16]}
        try:
            with self._context.stop.fatal_errors():
                answer, outcome = await self._answer(verified, deadline_s, abandoned)
        except AbandonedError:
            log.info("query abandoned", extra=fields | {"ms": _ms_since(started)})
            raise
        except BusyError as busy:
            log.info("query put off", extra=fields | {"retry_after_s": busy.retry_after_s, "ms": _ms_since(started)})
            raise
        except LeagueChangedError:
            log.info("query starts again under a newer roster", extra=fields | {"ms": _ms_since(started)})
            raise
        except BaseException as failure:
            # The type alone: an engine's message may carry a value. What the store says names a file and a remedy.
            fields |= {"error": type(failure).__name__, "ms": _ms_since(started)}
            if isinstance(failure, StoreUnavailableError | StoreCorruptError | DataUnavailableError):
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
        self, verified: VerifiedQuery, deadline_s: float | None, abandoned: asyncio.Event
    ) -> tuple[Answered, Release | Refusal | None]:
        """The answer, and its outcome unless these very bytes had their answer already."""
        query = verified.content
        nonce = query.nonce if isinstance(query, Query) else verified.query_hash
        # Queries under one nonce take turns, so that the second one sees what the first one claimed.
        async with self._turns.turn(("nonce", verified.asker.key_id, nonce)):
            decided = await self._run(self._decide, verified)
            if not isinstance(decided, _Due):
                return decided
            # So do equal questions under different nonces: the first one's release is the others', if it is there now.
            async with self._turns.turn(decided.permitted.question.key):
                recalled = await self._run(self._recall, verified, decided)
                if recalled is not None:
                    return recalled
                cost = decided.permitted.question.plan.cost
                async with self._queue.turn(verified.asker, cost, deadline_s=deadline_s, abandoned=abandoned):
                    return await self._run_while_wanted(partial(self._release, verified, decided), abandoned)

    def _decide(self, verified: VerifiedQuery) -> _Due | tuple[Answered, Release | Refusal | None]:
        """A release is due, or these bytes have their answer: an earlier one, a refusal, or from a stored release."""
        context, now = self._context, self._context.clock()
        past = recall_answer(verified, context.store, now)
        if past.answer is not None:
            return past.answer, None
        decided = bind_and_decide(verified, replayed=past.replayed, context=context, now=now)
        if isinstance(decided, Refused):
            return self._refuse(verified, past, decided), decided.refusal
        due = _Due(past=past, permitted=decided)
        return self._recall(verified, due) or due

    def _recall(self, verified: VerifiedQuery, due: _Due) -> tuple[Answered, Release] | None:
        """The answer from a stored release; None where there is none."""
        known = recall_release(due.permitted.question, self._context.store)
        if known is None:
            return None
        dataset = due.permitted.dataset
        ending = Ending(verified=verified, past=due.past, dataset=dataset, outcome=known, recalled=True)
        return commit(ending, self._context), known

    def _release(self, verified: VerifiedQuery, due: _Due, stop: Stop) -> tuple[Answered, Release | Refusal]:
        """Raises AbandonedError once `stop` is pulled, except while the answer is committed, and keeps the charge."""
        context, permitted, dataset = self._context, due.permitted, due.permitted.dataset
        stop.check()  # before anything is charged
        reservation = context.store.charge(
            permitted,
            asked_of(verified, dataset, context),
            permitted.query.nonce,
            announcements=of_dataset(dataset),
            now=context.clock(),
        )
        if isinstance(reservation, Refuse):
            refused = Refused(dataset=dataset, refusal=reservation.refusal)
            return self._refuse(verified, due.past, refused), refused.refusal
        # A crash from here on leaves the reservation open; the next start records it as aborted.
        try:
            outcome, causes = _compute(permitted.question, stop)
            ending = Ending(
                verified=verified,
                past=due.past,
                dataset=dataset,
                outcome=outcome,
                causes=causes,
                reservation=reservation,
                parameters=permitted.question.key.parameters,
            )
            return commit(ending, context), outcome
        except DataUnavailableError as unreadable:
            context.datasets.mistrust(dataset, unreadable)
            self._abort(reservation)
            raise
        except BaseException:
            self._abort(reservation)
            raise

    def _refuse(self, verified: VerifiedQuery, past: Past, refused: Refused) -> Answered:
        ending = Ending(verified=verified, past=past, dataset=refused.dataset, outcome=refused.refusal)
        return commit(ending, self._context)

    def _abort(self, reservation: Reservation) -> None:
        try:
            self._context.store.abort(reservation, now=self._context.clock())
        except StoreUnavailableError:
            # Still open, so the next start records it; the error that led here is the one to tell.
            log.warning("reservation left open", extra={"reservation": reservation.id})

    async def _run_while_wanted(self, work: Callable[[Stop], _ResultT], abandoned: asyncio.Event) -> _ResultT:
        """The work's result. Once `abandoned` is set, it is told to stop until it has ended one way or another."""
        stop = Stop()
        if abandoned.is_set():
            stop.now()
        working = asyncio.get_running_loop().run_in_executor(self._workers.engines, work, stop)
        async with task_group() as tasks:
            leaving = tasks.create_task(abandoned.wait())
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            leaving.cancel()
        while not working.done():
            stop.now()
            await asyncio.wait((working,), timeout=_INTERRUPT_EVERY_S)
        return working.result()

    async def _run(self, step: Callable[..., _ResultT], *arguments: object) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._workers.steps, step, *arguments)


def _compute(question: BoundQuestion, stop: Stop) -> tuple[Release | Refusal, Mapping[str, int]]:
    """Execute and protect, with how many cells were suppressed by which rule.

    Nothing but the size of an answer is refused this late: at `open` only the data tell it.
    """
    try:
        protected = protect(execute(question, stop))
    except RefusedError as broken:
        if broken.code not in _REFUSED_LATE:
            raise RuntimeError(f"a permitted query was refused late: {broken.code}") from None
        return refusal_of(broken), {}
    return protected.release, protected.causes


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
