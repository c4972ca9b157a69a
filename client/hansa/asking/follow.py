"""Following one call to the addressed cities until each of them has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
from contextlib import aclosing, closing
from typing import Generic, Protocol, TypeVar

from hansa.answering.city_words import Check, CityWord, WordT, city_word
from hansa.answering.coverage import CityReport, Outcome
from hansa.asking.sign import SignedQuery
from hansa.errors import CoordinatorError
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState

OnProgress = Callable[[CityEvent], None]
OnProgressAsync = Callable[[CityEvent], Awaitable[None] | None]
CUTS = (TimeoutError, ConnectionError, BusyError, PeerError, RefusedError)
"""How a call to the coordinator can end before all cities have."""


Word_co = TypeVar("Word_co", covariant=True)


class Sendable(Protocol[Word_co]):
    """A signed query, the cities that it is sent to, and the check of what they give."""

    @property
    def signed(self) -> SignedQuery:
        """The query as it is sent."""
        ...

    @property
    def cities(self) -> tuple[str, ...]:
        """Whom it is sent to."""
        ...

    def verify(self, given: Answered, member: Member) -> Word_co:
        """What the member signed about it. Raises TrustError."""
        ...


class Gathering(Generic[WordT]):
    """What is known of the addressed cities so far, from the events of one call.

    Only the first end of a city counts, and events about a city that was not asked are passed over: a coordinator can
    take answers away, and nothing else. `check` opens what a city gave, or raises TrustError.
    """

    def __init__(self, cities: Collection[str], roster: Roster, check: Check[WordT]) -> None:
        self._cities = cities
        self._roster = roster
        self._check = check
        self._ends: dict[str, CityWord[WordT]] = {}
        self._heard = False
        self._rest = Outcome.FAILED
        self._why = "the coordinator tells nothing of it"

    def take(self, event: CityEvent) -> bool:
        """Take the next event. Returns whether it says something new about an addressed city."""
        if event.city not in self._cities or event.city in self._ends:
            return False
        self._heard = True
        if event.state is not CityState.ASKED:
            self._ends[event.city] = city_word(event, self._roster.member(event.city), self._check)
        return True

    def cut_short(self, cut: Exception) -> None:
        """Record that the call ended early. Raises CoordinatorError if no city had been heard of by then."""
        if not self._heard:
            raise CoordinatorError(f"the coordinator gives no answer: {cut}") from cut
        self._rest, self._why = _rest(cut), f"the coordinator's answer broke off: {cut}"

    @property
    def words(self) -> dict[str, CityWord[WordT]]:
        """The end of every city, by name, once the call is over."""
        left: dict[str, CityWord[WordT]] = {
            city: CityWord(report=CityReport(city=city, state=self._rest, rule=self._why), word=None)
            for city in self._cities
        }
        return dict(sorted((left | self._ends).items()))


def gather(
    events: Generator[CityEvent, None, None], gathering: Gathering[WordT], on_progress: OnProgress | None = None
) -> dict[str, CityWord[WordT]]:
    """Follow a call until it is over: the end of every city, by name. Raises CoordinatorError if nobody was heard."""
    try:
        with closing(events):
            for event in events:
                if gathering.take(event) and on_progress is not None:
                    on_progress(event)
    except CUTS as cut:
        gathering.cut_short(cut)
    return gathering.words


async def gather_async(
    events: AsyncGenerator[CityEvent, None],
    gathering: Gathering[WordT],
    on_progress: OnProgressAsync | None = None,
) -> dict[str, CityWord[WordT]]:
    """As `gather`, in asyncio: signatures are checked in a thread, and cancelling the task ends the call."""
    try:
        async with aclosing(events):
            async for event in events:
                counts = await asyncio.to_thread(gathering.take, event)
                told = on_progress(event) if counts and on_progress is not None else None
                if told is not None:
                    await told
    except CUTS as cut:
        gathering.cut_short(cut)
    return gathering.words


def _rest(cut: Exception) -> Outcome:
    """What became of the cities without a word when the call was cut short."""
    match cut:
        case TimeoutError():
            return Outcome.TIMED_OUT
        case ConnectionError():
            return Outcome.UNREACHABLE
        case _:
            return Outcome.FAILED
