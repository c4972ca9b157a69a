"""The node's three calls: what is let in, under which league, and what a failure tells the caller."""

from __future__ import annotations

import asyncio

from hansa_core.errors import RefusedError
from hansa_core.signing.dsse import Envelope
from hansa_node.app.league_follower import LeagueFollower
from hansa_node.context import NodeContext
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.pipeline.ask import AskPipeline
from hansa_node.pipeline.describe import describe
from hansa_node.pipeline.engine_queue import EngineQueue, engine_places
from hansa_node.pipeline.workers import Workers
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.admission import Admission
from hansa_wire.rpc.status import UNAVAILABLE_CODE

_UNREADABLE = "the city cannot read this dataset now, so it answers nothing about it"


class NodeCalls:
    """A NodeHandler. Each call raises BusyError beyond what `admission` lets in.

    `status`: whether the log may take what an answer adds to it. `follower`: puts a newer roster in force before a
    question is looked at.
    """

    def __init__(
        self,
        context: NodeContext,
        workers: Workers,
        *,
        admission: Admission,
        status: WitnessStatus,
        follower: LeagueFollower,
    ) -> None:
        self._context = context
        self._follower = follower
        self._status = status
        self._admission = admission
        self._workers = workers
        self._pipeline = AskPipeline(context, workers, EngineQueue(engine_places()))

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        try:
            with self._admission.entered():
                self._status.check(self._context.clock())
                await self._follower.look()
                return await self._pipeline.ask(query, credential, deadline_s=deadline_s)
        except StoreUnavailableError:
            # Its own text names a path. No signed refusal: what is signed has been recorded first.
            raise _unavailable("the city cannot record its decisions now, so it answers nothing") from None
        except DataUnavailableError:
            raise _unavailable(_UNREADABLE) from None

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        try:
            with self._admission.entered():
                await self._follower.look()
                with self._context.stop.fatal_errors():
                    return await self._pipeline.dry_run(query, credential, deadline_s=deadline_s)
        except StoreUnavailableError:
            raise _unavailable("the city cannot look at its decisions now, so it tells nothing of others") from None
        except DataUnavailableError:
            raise _unavailable(_UNREADABLE) from None

    async def describe(self) -> Envelope:
        with self._admission.entered():
            return await asyncio.get_running_loop().run_in_executor(self._workers.steps, describe, self._context)

    async def all_answered(self) -> None:
        """Wait until no query is under way."""
        await self._pipeline.all_answered()


def _unavailable(rule: str) -> RefusedError:
    """What the city cannot do now, whoever asks: unsigned, and the operator's log has the remedy."""
    return RefusedError(code=UNAVAILABLE_CODE, rule=rule, remedy="ask again later")
