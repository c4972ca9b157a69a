"""The same league for asyncio: several questions under way at once, each ended by cancelling its task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hansa.answer import Answer
from hansa.asking.follow import CityWord, OnProgressAsync, SignedQuery, gather_async
from hansa.asking.session import DEFAULT_DEADLINE_S, NO_TABLES, Asker, checked_deadline
from hansa.catalogue import Catalogue, Dataset
from hansa_core.contract.contract import Contract
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import DryRun
from hansa_core.plan.plan import ContractId
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent
from hansa_wire.rpc.coordinator_rpc import AsyncCoordinatorClient

if TYPE_CHECKING:
    from hansa.table import AsyncTable
    from hansa.view.explanation import Explanation


class AsyncLeague:
    """As `League`, in asyncio. Use `hansa.connect_async` to make one, inside the loop that asks; close it when done.

    Reading, verifying and shaping run in threads: the loop stays free.
    """

    def __init__(
        self, asker: Asker, coordinator: AsyncCoordinatorClient, close: Callable[[], Awaitable[object]]
    ) -> None:
        self._asker = asker
        self._coordinator = coordinator
        self._hang_up = close

    @property
    def roster(self) -> Roster:
        """The members, as the governors signed them."""
        return self._asker.roster

    @property
    def contracts(self) -> Mapping[ContractId, Contract]:
        """The league's contracts by id, as the governors signed them."""
        return self._asker.contracts

    @property
    def catalogue(self) -> Catalogue:
        """What can be asked about, dataset by dataset; no city is asked. See `published` for what each one serves."""
        return self._asker.catalogue

    async def close(self) -> None:
        """Hang up; the league cannot be asked any more."""
        await self._hang_up()
        await asyncio.to_thread(self._asker.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncLeague {self._asker!r}>"

    def table(self, dataset: str | Dataset) -> AsyncTable:
        """A question about a dataset, to be built step by step, and asked by `await ….ask()`. Raises as `League`'s."""
        from hansa.table import AsyncTable

        return AsyncTable.over(self._asker, dataset, league=self)

    async def sql(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        min_cities: int | None = None,
        partial: bool = False,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgressAsync | None = None,
    ) -> Answer:
        """As `League.sql`; `on_progress` may be a coroutine function. Cancelling cancels the call."""
        question = await asyncio.to_thread(
            self._asker.question,
            statement,
            tables=tables,
            purpose=purpose,
            min_cities=min_cities,
            partial=partial,
            deadline_s=deadline_s,
        )
        await gather_async(self._ask(question.signed, deadline_s), question.gathering, on_progress)
        return await asyncio.to_thread(lambda: question.shape(self._asker.engine))

    async def dry_run(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgressAsync | None = None,
    ) -> list[CityWord[DryRun]]:
        """As `League.dry_run`."""
        rehearsal = await asyncio.to_thread(
            self._asker.rehearsal, statement, tables=tables, purpose=purpose, deadline_s=deadline_s
        )
        await gather_async(self._ask(rehearsal.signed, deadline_s), rehearsal.gathering, on_progress)
        return rehearsal.verdicts

    async def explain(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        tables: Mapping[str, object] = NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
    ) -> Explanation:
        """As `League.explain`."""
        rehearsal = await asyncio.to_thread(
            self._asker.rehearsal, statement, tables=tables, purpose=purpose, deadline_s=deadline_s
        )
        await gather_async(self._ask(rehearsal.signed, deadline_s), rehearsal.gathering)
        return await asyncio.to_thread(rehearsal.explain)

    async def published(self, *, deadline_s: float = DEFAULT_DEADLINE_S) -> list[CityWord[Description]]:
        """As `League.published`."""

        async def events() -> AsyncGenerator[CityEvent, None]:
            for event in await self._coordinator.catalogue(deadline_s=checked_deadline(deadline_s)):
                yield event

        return list((await gather_async(events(), self._asker.enquiry())).values())

    def _ask(self, signed: SignedQuery, deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        return self._coordinator.ask(signed.envelope, self._asker.credential, deadline_s=deadline_s)
