"""A session with its channel to the coordinator, in asyncio: sends signed questions and follows each to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from hansa.answering.city_words import CityWord, DryRunAnswer, WordT
from hansa.answering.stage import OnStage, Stage, tell_nobody
from hansa.answering.verify import verify_description
from hansa.asking.follow import Gathering, OnProgressAsync, Sendable, gather_async
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
        heard = HeardClock()
        tell(Stage.ASKED)
        words = await self._words_of_all(asked.parts, options.deadline_s, heard, on_progress)
        tell(Stage.ANSWERED)
        return await asyncio.to_thread(self.session.answer, asked, words, self.session.ahead_s(heard), tell)

    async def dry_run(
        self, statement: str, options: AskOptions, on_progress: OnProgressAsync | None = None
    ) -> DryRunAnswer:
        """As `LeagueConnection.dry_run`."""
        asked = await asyncio.to_thread(self.session.dry_run, statement, options)
        heard = HeardClock()
        words = await self._words_of_all(asked.parts, options.deadline_s, heard, on_progress)
        return asked.answer(words, self.session.ahead_s(heard))

    async def published(self, deadline_s: float) -> list[CityWord[Description]]:
        """As `LeagueConnection.published`."""
        check_deadline(deadline_s)
        self.session.check_open()
        gathering = Gathering(self.session.roster.cities, self.session.roster, verify_description)
        return list((await gather_async(self._descriptions(deadline_s), gathering)).values())

    async def _words_of_all(
        self,
        parts: Sequence[Sendable[WordT]],
        deadline_s: float,
        heard: HeardClock,
        on_progress: OnProgressAsync | None,
    ) -> list[dict[str, CityWord[WordT]]]:
        """As `LeagueConnection` does: several queries are under way at once, and one that fails ends the others."""

        async def follow(part: Sendable[WordT]) -> dict[str, CityWord[WordT]]:
            gathering = Gathering(part.cities, self.session.roster, part.verify)
            return await self._words(part.signed, deadline_s, heard, gathering, on_progress)

        if len(parts) == 1:
            return [await follow(parts[0])]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(follow(part)) for part in parts]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]

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
