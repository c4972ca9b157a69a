"""A session with its channel to the coordinator, in asyncio: sends signed questions and follows each to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from hansa.answering.city_words import CityWord, DryRunAnswer, WordT
from hansa.answering.stage import OnStage, Stage, tell_nobody
from hansa.answering.verify import verify_description
from hansa.asking.follow import Gathering, OnProgressAsync, gather_async
from hansa.asking.session import AnalystSession
from hansa.asking.sign import SignedQuery
from hansa.errors import CoordinatorError
from hansa.evidence.evidence import ProvenAnswer
from hansa.question.options import AskOptions, check_deadline
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent
from hansa_wire.rpc.clocks import HeardClock
from hansa_wire.rpc.coordinator_rpc import AsyncCoordinatorClient


class AsyncLeagueConnection:
    """As `LeagueConnection`. Reading, verifying and shaping run in threads, so the loop stays free."""

    def __init__(
        self,
        session: AnalystSession,
        coordinator: AsyncCoordinatorClient,
        close_channel: Callable[[], Awaitable[object]],
    ) -> None:
        self.session = session
        self._coordinator = coordinator
        self._close_channel = close_channel

    async def close(self) -> None:
        """Close the channel; nothing can be asked any more."""
        await self._close_channel()
        await asyncio.to_thread(self.session.close)

    async def ask(
        self,
        statement: str,
        options: AskOptions,
        on_progress: OnProgressAsync | None = None,
        on_stage: OnStage | None = None,
    ) -> ProvenAnswer:
        """As `LeagueConnection.ask`; cancelling the task ends the call. `on_stage` is called in the loop."""
        loop, told = asyncio.get_running_loop(), on_stage or tell_nobody

        def tell(stage: Stage) -> None:
            loop.call_soon_threadsafe(told, stage)

        asked = await asyncio.to_thread(self.session.question, statement, options)
        gathering, heard = Gathering(asked.question.cities, self.session.roster, asked.verify), HeardClock()
        tell(Stage.ASKED)
        words = await self._words(asked.signed, options.deadline_s, heard, gathering, on_progress)
        tell(Stage.ANSWERED)
        return await asyncio.to_thread(self.session.answer, asked, words, self.session.ahead_s(heard), tell)

    async def dry_run(
        self, statement: str, options: AskOptions, on_progress: OnProgressAsync | None = None
    ) -> DryRunAnswer:
        """As `LeagueConnection.dry_run`."""
        asked = await asyncio.to_thread(self.session.dry_run, statement, options)
        gathering, heard = Gathering(asked.cities, self.session.roster, asked.verify), HeardClock()
        words = await self._words(asked.signed, options.deadline_s, heard, gathering, on_progress)
        return asked.answer(words, self.session.ahead_s(heard))

    async def published(self, deadline_s: float) -> list[CityWord[Description]]:
        """As `LeagueConnection.published`."""
        check_deadline(deadline_s)
        self.session.check_open()
        gathering = Gathering(self.session.roster.cities, self.session.roster, verify_description)
        return list((await gather_async(self._descriptions(deadline_s), gathering)).values())

    async def _words(
        self,
        signed: SignedQuery,
        deadline_s: float,
        heard: HeardClock,
        gathering: Gathering[WordT],
        on_progress: OnProgressAsync | None,
    ) -> dict[str, CityWord[WordT]]:
        try:
            return await gather_async(self._send(signed, deadline_s, heard), gathering, on_progress)
        except CoordinatorError as silent:
            raise self.session.with_clock(silent, heard) from silent

    def _send(self, signed: SignedQuery, deadline_s: float, heard: HeardClock) -> AsyncGenerator[CityEvent, None]:
        return self._coordinator.ask(signed.envelope, self.session.credential, deadline_s=deadline_s, heard=heard)

    async def _descriptions(self, deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        for event in await self._coordinator.catalogue(deadline_s=deadline_s):
            yield event
