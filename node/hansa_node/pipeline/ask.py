"""The way of one question, from its signed bytes to the committed answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from contextlib import suppress

from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope
from hansa_node.context import NodeContext
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.announcements import LeagueChangedError
from hansa_node.pipeline.dry_run import dry_run
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.query_line import told_where_it_fails
from hansa_node.pipeline.release import release
from hansa_node.pipeline.settle import Ended, answer_from_release, settle
from hansa_node.pipeline.single_flight import Flight, SingleFlight, Turns
from hansa_node.pipeline.verify import VerifiedQuery, verify
from hansa_node.pipeline.workers import Workers
from hansa_wire.codec.answered import Answered

_SWAP_SOON_S = 0.005
_VERIFIED_AT_ONCE_BYTES = 2048


class AskPipeline:
    """Answers queries. Each step that blocks is done in a thread; what an engine computes has its turn in `queue`."""

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
        verified = await self._verified(query, credential, payload_types.QUERY, league)
        # By league as well: what a newer roster has overtaken gives no answer to those who came under that one.
        key = (verified.query_hash, verified.asker.key_id, league.roster_ref)
        flight = await self._flights.under_way(key)
        if flight is None:
            flight = Flight()
            self._flights.begin(key, flight, self._answer(verified, deadline_s, flight.abandoned))
        return await flight.result()

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        """The signed report, by the same turns. Raises as `ask` does."""
        league = self._context.league.now
        verified = await self._verified(query, credential, payload_types.DRY_RUN, league)
        async with self._queue.turn(verified.asker, 0, deadline_s=deadline_s, abandoned=asyncio.Event()):
            return await self._workers.step(dry_run, verified, self._context)

    async def _verified(
        self, query: Envelope, credential: Envelope, payload_type: str, league: LeagueInForce
    ) -> VerifiedQuery:
        """To check a short question takes as long as to hand it to a thread: only what is longer goes there."""
        if _is_short(query) and _is_short(credential):
            return verify(query, credential, payload_type, league, self._context)
        return await self._workers.step(verify, query, credential, payload_type, league, self._context)

    async def all_answered(self) -> None:
        """Wait until no query is under way."""
        await self._flights.all_landed()

    async def _answer(self, verified: VerifiedQuery, deadline_s: float | None, abandoned: asyncio.Event) -> Answered:
        with told_where_it_fails(verified) as line, self._context.stop.fatal_errors():
            ended = await self._end(verified, deadline_s, abandoned)
        line.answered(ended)
        return ended.answer

    async def _end(self, verified: VerifiedQuery, deadline_s: float | None, abandoned: asyncio.Event) -> Ended:
        # Queries under one nonce take turns, so that the second one sees what the first one claimed.
        async with self._turns.turn(_nonce_key(verified)):
            settled = await self._workers.step(settle, verified, self._context)
            if isinstance(settled, Ended):
                return settled
            question = settled.permitted.question
            # So do equal questions under different nonces: the first one's release is the others', if it is there now.
            async with self._turns.turn(question.key):
                recalled = await self._workers.step(answer_from_release, settled, self._context)
                if recalled is not None:
                    return recalled
                cost = question.plan.cost
                async with self._queue.turn(verified.asker, cost, deadline_s=deadline_s, abandoned=abandoned):
                    return await self._workers.compute(abandoned, release, settled, self._context)


def _is_short(envelope: Envelope) -> bool:
    return len(envelope.signatures) == 1 and len(envelope.payload) <= _VERIFIED_AT_ONCE_BYTES


def _nonce_key(verified: VerifiedQuery) -> Hashable:
    """What no two queries of one key may have in common; of one that cannot be read, its hash."""
    query = verified.content
    return "nonce", verified.asker.key_id, query.nonce if isinstance(query, Query) else verified.query_hash
