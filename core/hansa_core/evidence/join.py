"""One question in the cities that it addressed, joined from their logs by the query's hash."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from hansa_core.evidence.body import Charge
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision


class Fate(StrEnum):
    """What a city's log says of a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"
    ABORTED = "aborted"
    NO_ENTRY = "no_entry"  # the city was addressed, and its log, which reaches beyond the question, does not know it
    NO_LOG = "no_log"  # the city was addressed, and its log is not among those that were joined
    LOG_TOO_OLD = "log_too_old"  # its log is here, and ends before the question was settled
    LOG_UNREADABLE = "log_unreadable"  # its log is here, and has entries that cannot be read


NOT_KNOWN = (Fate.NO_LOG, Fate.LOG_TOO_OLD, Fate.LOG_UNREADABLE)
"""Where nothing can be said about a city: it may have answered, refused, or never heard of the question."""
SETTLED_S = 900
"""How long after its expiry a question may still become an entry, and a checkpoint that others cosigned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedLog:
    """One city's log. `entries`: with their indices, None for one that cannot be read.

    `known_until_unix_s`: up to when the log is known to have no other entries.
    """

    entries: Iterable[tuple[int, Entry | None]]
    known_until_unix_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What the signed query itself says: the cities that it asks, and until when they may decide on it."""

    cities: Collection[str]
    expires_unix_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPart:
    """One entry of one city on the question, or the lack of one. `code`: of a refusal. `charges`: what it cost."""

    city: str
    fate: Fate
    index: int | None = None
    time_unix_s: int | None = None
    code: str | None = None
    recalled: bool = False
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedQuestion:
    """A question across cities, parts sorted by city and index.

    `addressed`: the cities that the signed query names, None where no opening or receipt showed it: then a city
    without an entry cannot be told from one that was never asked.
    """

    query_hash: str
    organisation: str | None
    purpose: str | None
    dataset: str | None
    addressed: tuple[str, ...] | None
    parts: tuple[CityPart, ...]

    def cities(self, *fates: Fate) -> tuple[str, ...]:
        """The cities of which one of these is true, sorted."""
        return tuple(sorted({part.city for part in self.parts if part.fate in fates}))


def join(logs: Mapping[str, JoinedLog], addressed: Mapping[str, Addressed]) -> tuple[JoinedQuestion, ...]:
    """Every question in the logs or in `addressed`, by the time of its first entry.

    `logs`: by city. `addressed`: what a signed query says, by its hash.
    """
    parts: dict[str, list[CityPart]] = {query_hash: [] for query_hash in addressed}
    first: dict[str, QueryDecision | QueryAborted] = {}
    unreadable: set[str] = set()
    for city in sorted(logs):
        for index, entry in logs[city].entries:
            if entry is None:
                unreadable.add(city)
                continue
            body = entry.body
            if isinstance(body, QueryDecision | QueryAborted):
                parts.setdefault(body.query_hash, []).append(_part(city, index, entry.time_unix_s, body))
                first.setdefault(body.query_hash, body)

    def without_entry(city: str, asked: Addressed) -> Fate:
        if city not in logs:
            return Fate.NO_LOG
        if logs[city].known_until_unix_s < asked.expires_unix_s + SETTLED_S:
            return Fate.LOG_TOO_OLD
        return Fate.LOG_UNREADABLE if city in unreadable else Fate.NO_ENTRY

    questions = (
        _question(query_hash, own, first.get(query_hash), addressed.get(query_hash), without_entry)
        for query_hash, own in parts.items()
    )
    return tuple(sorted(questions, key=_time_of))


def _part(city: str, index: int, time_unix_s: int, body: QueryDecision | QueryAborted) -> CityPart:
    part = CityPart(city=city, fate=Fate.ABORTED, index=index, time_unix_s=time_unix_s, charges=body.ledgers)
    if isinstance(body, QueryAborted):
        return part
    return replace(part, fate=_FATES[Decision(body.decision)], code=body.code, recalled=body.recalled)


def _question(
    query_hash: str,
    parts: Iterable[CityPart],
    body: QueryDecision | QueryAborted | None,
    asked: Addressed | None,
    without_entry: Callable[[str, Addressed], Fate],
) -> JoinedQuestion:
    parts = list(parts)
    if asked is not None:
        silent = set(asked.cities) - {part.city for part in parts}
        parts += (CityPart(city=city, fate=without_entry(city, asked)) for city in silent)
    return JoinedQuestion(
        query_hash=query_hash,
        organisation=None if body is None else body.organisation,
        purpose=None if body is None else body.purpose,
        dataset=None if body is None else body.dataset,
        addressed=None if asked is None else tuple(sorted(asked.cities)),
        parts=tuple(sorted(parts, key=lambda part: (part.city, part.index or 0))),
    )


def _time_of(question: JoinedQuestion) -> tuple[int, str]:
    times = [part.time_unix_s for part in question.parts if part.time_unix_s is not None]
    return (min(times, default=0), question.query_hash)


_FATES = {
    Decision.PERMIT: Fate.ANSWERED,
    Decision.REFUSE: Fate.REFUSED,
    Decision.NEEDS_APPROVAL: Fate.NEEDS_APPROVAL,
}
