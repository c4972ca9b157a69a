"""What became of one question in all the cities that it addressed? Their logs meet in the query's hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from hansa_core.evidence.entries import Charge, Decision, QueryAborted, QueryDecision
from hansa_core.evidence.entry import Entry


class Fate(StrEnum):
    """What a city's log says of a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NEEDS_APPROVAL = "needs_approval"
    ABORTED = "aborted"
    NO_ENTRY = "no_entry"  # the city was addressed, and its log does not know the question
    NO_LOG = "no_log"  # the city was addressed, and its log is not among those that were joined


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

    @property
    def answered(self) -> tuple[str, ...]:
        """The cities that gave an answer."""
        return tuple(sorted({part.city for part in self.parts if part.fate is Fate.ANSWERED}))

    @property
    def missing(self) -> tuple[str, ...]:
        """The addressed cities that no entry speaks for."""
        return tuple(part.city for part in self.parts if part.fate in (Fate.NO_ENTRY, Fate.NO_LOG))


def join(
    logs: Mapping[str, Iterable[tuple[int, Entry]]], addressed: Mapping[str, Collection[str]]
) -> tuple[JoinedQuestion, ...]:
    """Every question in the logs or in `addressed`, by the time of its first entry.

    `logs`: each city's entries with their indices. `addressed`: the cities of a signed query, by its hash.
    """
    parts: dict[str, list[CityPart]] = {query_hash: [] for query_hash in addressed}
    first: dict[str, QueryDecision | QueryAborted] = {}
    for city in sorted(logs):
        for index, entry in logs[city]:
            body = entry.body
            if isinstance(body, QueryDecision | QueryAborted):
                parts.setdefault(body.query_hash, []).append(_part(city, index, entry.time_unix_s, body))
                first.setdefault(body.query_hash, body)
    questions = (
        _question(query_hash, own, first.get(query_hash), addressed.get(query_hash), logs)
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
    addressed: Collection[str] | None,
    logs: Collection[str],
) -> JoinedQuestion:
    parts = list(parts)
    silent = set(addressed or ()) - {part.city for part in parts}
    parts += (CityPart(city=city, fate=Fate.NO_ENTRY if city in logs else Fate.NO_LOG) for city in silent)
    return JoinedQuestion(
        query_hash=query_hash,
        organisation=None if body is None else body.organisation,
        purpose=None if body is None else body.purpose,
        dataset=None if body is None else body.dataset,
        addressed=None if addressed is None else tuple(sorted(addressed)),
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
