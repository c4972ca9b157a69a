"""A league that can be asked in asyncio: several questions under way at once, each ended by cancelling its task."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from hansa.answer import Answer
from hansa.answering.city_words import CityWord, Verdicts
from hansa.answering.stage import OnStage
from hansa.asking.async_league_connection import AsyncLeagueConnection
from hansa.asking.follow import OnProgressAsync
from hansa.catalogue import Catalogue, Dataset
from hansa.question.options import DEFAULT_DEADLINE_S, AskKeywords, AskOptions, refuse_others, with_options
from hansa.tracebacks import short_traceback
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster
from hansa_wire.codec.description import Description

if TYPE_CHECKING:
    from hansa.table import AsyncTable
    from hansa.view.explanation import Explanation


class AsyncLeague:
    """As `League`, in asyncio. Use `hansa.connect_async` to make one, inside the loop that asks; close it when done.

    Reading, verifying and shaping run in threads: the loop stays free.
    """

    def __init__(self, connection: AsyncLeagueConnection) -> None:
        self._connection = connection
        self._catalogue = Catalogue(connection.session.contracts, connection.session.roster)

    @property
    def roster(self) -> Roster:
        """The members, as the governors signed them."""
        return self._connection.session.roster

    @property
    def contracts(self) -> Mapping[ContractId, Contract]:
        """The league's contracts by id, as the governors signed them."""
        return self._connection.session.contracts

    @property
    def catalogue(self) -> Catalogue:
        """What can be asked about, dataset by dataset; no city is asked. See `published` for what each one serves."""
        return self._catalogue

    async def close(self) -> None:
        """Close the channel to the coordinator; the league cannot be asked any more."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncLeague {self._connection.session!r}>"

    @short_traceback
    def table(self, dataset: str | Dataset) -> AsyncTable:
        """A question about a dataset, to be built step by step, and asked by `await ….ask()`. Raises as `League`'s."""
        from hansa.table import AsyncTable

        return AsyncTable.over(self.catalogue, dataset, self._connection)

    @short_traceback
    @with_options
    async def sql(
        self,
        statement: str,
        *,
        on_progress: OnProgressAsync | None = None,
        on_stage: OnStage | None = None,
        **options: Unpack[AskKeywords],
    ) -> Answer:
        """As `League.sql`; `on_progress` may be a coroutine function. Cancelling cancels the call."""
        asked = await self._connection.ask(statement, AskOptions.from_keywords(options), on_progress, on_stage)
        return Answer.of(asked)

    @short_traceback
    @with_options
    async def dry_run(
        self, statement: str, *, on_progress: OnProgressAsync | None = None, **options: Unpack[AskKeywords]
    ) -> Verdicts:
        """As `League.dry_run`."""
        answer = await self._connection.dry_run(statement, AskOptions.from_keywords(options), on_progress)
        return answer.listed

    @short_traceback
    @with_options
    async def explain(self, statement: str, **options: Unpack[AskKeywords]) -> Explanation:
        """As `League.explain`."""
        from hansa.view.explain import explain_dry_run

        answer = await self._connection.dry_run(statement, AskOptions.from_keywords(options))
        return await asyncio.to_thread(explain_dry_run, answer)

    @short_traceback
    async def published(
        self, *, deadline_s: float = DEFAULT_DEADLINE_S, **others: object
    ) -> list[CityWord[Description]]:
        """As `League.published`."""
        refuse_others(others, ["deadline_s"])
        return await self._connection.published(deadline_s)
