"""One signed call to the addressed cities, followed until each of them has ended."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.verify import VerifiedRelease
from hansa.errors import CoordinatorError, TrustError
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.league.roster import Member, Roster
from hansa_core.partial.answer import DryRun, Refusal
from hansa_core.plan.query import Query
from hansa_core.signing import dsse
from hansa_core.signing.dsse import Envelope, Signer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.description import Description
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.codec.query_codec import encode_query

OnProgress = Callable[[CityEvent], None]
OnProgressAsync = Callable[[CityEvent], Awaitable[None] | None]
CUTS = (TimeoutError, ConnectionError, BusyError, PeerError, RefusedError)
"""How a call to the coordinator can end before all cities have."""

WordT = TypeVar("WordT", bound=VerifiedRelease | Refusal | DryRun | Description)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedQuery:
    """A query as it travels. `hash`: SHA-256 of the signed payload."""

    envelope: Envelope
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CityWord(Generic[WordT]):
    """How a city ended, and what it signed; None if nothing of it holds. `proof`: that word as it came, to be kept."""

    report: CityReport
    word: WordT | None
    proof: Answered | None = None


def sign_query(query: Query, signer: Signer, payload_type: str) -> SignedQuery:
    """The query under the analyst's key. Raises RefusedError `too_large` or `too_deep`."""
    payload = encode_query(query)
    return SignedQuery(envelope=dsse.sign(payload_type, payload, signer), hash=hashlib.sha256(payload).digest())


class Gathering(Generic[WordT]):
    """What is known of the addressed cities so far: a fold over the events of one call, whoever carries them.

    Only the first end of a city counts, and events about a city that was not asked are passed over: a coordinator can
    take answers away, and nothing else. `check` opens what a city gave, or raises TrustError.
    """

    def __init__(self, cities: Collection[str], roster: Roster, check: Callable[[Answered, Member], WordT]) -> None:
        self._cities = cities
        self._roster = roster
        self._check = check
        self._ends: dict[str, CityWord[WordT]] = {}
        self._heard = False
        self._rest = Outcome.FAILED

    def take(self, event: CityEvent) -> bool:
        """Take the next event; whether it counts."""
        if event.city not in self._cities or event.city in self._ends:
            return False
        self._heard = True
        if event.state is not CityState.ASKED:
            self._ends[event.city] = _end(event, self._roster.member(event.city), self._check)
        return True

    def cut_short(self, cut: Exception) -> None:
        """The call ended early. Raises CoordinatorError if that was before any city was heard of."""
        if not self._heard:
            raise CoordinatorError(f"the coordinator gives no answer: {cut}") from cut
        self._rest = _rest(cut)

    @property
    def words(self) -> dict[str, CityWord[WordT]]:
        """The end of every city, by name, once the call is over."""
        left: dict[str, CityWord[WordT]] = {
            city: CityWord(report=CityReport(city=city, state=self._rest), word=None) for city in self._cities
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


def _end(event: CityEvent, member: Member, check: Callable[[Answered, Member], WordT]) -> CityWord[WordT]:
    if event.answer is None:
        claim = CityReport(
            city=event.city,
            state=Outcome(event.state.value),
            code=event.code,
            rule=event.detail,
            elapsed_ms=event.elapsed_ms,
        )
        return CityWord(report=claim, word=None)
    given = Answered(event.answer, event.receipt)
    try:
        word = check(given, member)
    except TrustError as broken:
        state = Outcome.UNTRUSTED
        report = CityReport(
            city=event.city, state=state, code=broken.code, rule=broken.text, elapsed_ms=event.elapsed_ms
        )
        return CityWord(report=report, word=None)
    return CityWord(report=_proven(event, word), word=word, proof=given)


def _proven(event: CityEvent, word: VerifiedRelease | Refusal | DryRun | Description) -> CityReport:
    """The report that the city's own word supports, whatever the coordinator says."""
    level, version, refusal = None, None, None
    match word:
        case VerifiedRelease():
            level, version = word.level, word.data_version
        case Refusal():
            refusal = word
        case DryRun():
            level, refusal = word.level, word.refusal
        case Description():
            pass
    return CityReport(
        city=event.city,
        state=Outcome.REFUSED if refusal else Outcome.ANSWERED,
        level=level,
        data_version=version,
        code=refusal.code if refusal else "",
        rule=refusal.rule if refusal else "",
        remedy=refusal.remedy if refusal else "",
        proven=True,
        elapsed_ms=event.elapsed_ms,
    )
