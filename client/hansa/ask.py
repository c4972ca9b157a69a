"""One signed call to the addressed cities, followed until each of them has ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from hansa.coverage import CityReport, Outcome
from hansa.errors import CoordinatorError, TrustError
from hansa.verify import VerifiedRelease
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.query.answer import DryRun, Refusal
from hansa_core.query.query import Query
from hansa_core.trust import dsse
from hansa_core.trust.dsse import Envelope, Signer
from hansa_core.trust.roster import Member, Roster
from hansa_wire.answered import Answered
from hansa_wire.description import Description
from hansa_wire.progress import CityEvent, CityState
from hansa_wire.query_codec import encode_query

OnProgress = Callable[[CityEvent], None]
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


def gather(
    events: Generator[CityEvent, None, None],
    cities: Collection[str],
    roster: Roster,
    check: Callable[[Answered, Member], WordT],
    on_progress: OnProgress | None = None,
) -> dict[str, CityWord[WordT]]:
    """The end of every city, by name. `check` opens what a city gave, or raises TrustError.

    Only the first end of a city counts, and events about a city that was not asked are passed over: a coordinator can
    take answers away, and nothing else. Raises CoordinatorError if it fails before any city was heard of.
    """
    ends: dict[str, CityWord[WordT]] = {}
    heard = False
    rest = Outcome.FAILED
    try:
        with closing(events):
            for event in events:
                if event.city not in cities or event.city in ends:
                    continue
                heard = True
                if event.state is not CityState.ASKED:
                    ends[event.city] = _end(event, roster.member(event.city), check)
                if on_progress is not None:
                    on_progress(event)
    except (TimeoutError, ConnectionError, BusyError, PeerError, RefusedError) as cut:
        if not heard:
            raise CoordinatorError(f"the coordinator gives no answer: {cut}") from cut
        rest = _rest(cut)
    left: dict[str, CityWord[WordT]] = {
        city: CityWord(report=CityReport(city=city, state=rest), word=None) for city in cities
    }
    return dict(sorted((left | ends).items()))


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
