"""Notes on clocks: whether the times that cities signed fit the clock of the machine that asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa_core.clock_skew import in_words, judge_clocks
from hansa_core.errors import PeerError, RefusedError
from hansa_core.partial.answer import DryRun, Refusal
from hansa_wire.codec.answer_codec import decode_answer

COORDINATOR = "the coordinator"
_SURE = ": its operator has to set it."
_UNSURE = " of this machine's, and nothing else tells which of the two is wrong."
_ABOUT_TIME = frozenset({"expired", "expiry_too_far", "credential_expired", "roster_expired"})
"""The refusals that a wrong clock explains; of others the time is not read."""


def clock_notes(
    asked_at: datetime,
    words: Mapping[str, CityWord[VerifiedRelease | Refusal]] | Mapping[str, CityWord[DryRun]],
    coordinator_ahead_s: int | None,
) -> tuple[str, ...]:
    """A sentence about each clock that is more than a minute wrong; where the asker's own is, about that one alone.

    `asked_at`: by the asker's clock, naive UTC. `words`: of every addressed city, by name. `coordinator_ahead_s`: how
    far the coordinator's clock, which nobody signs, is ahead of the asker's; None: it said nothing.
    """
    found = {city: _ahead(asked_at, word) for city, word in words.items()}
    ahead = {city: by for city, by in found.items() if by is not None}
    by_what = "by what the cities signed" if ahead else "by the coordinator's clock"
    told = {} if coordinator_ahead_s is None else {COORDINATOR: timedelta(seconds=coordinator_ahead_s)}
    skew = judge_clocks(ahead, unsigned=told)
    if skew.own:
        return (f"This machine's clock is about {in_words(skew.own)} {_wrong(-skew.own)} {by_what}: set it.",)
    return tuple(
        f"The clock of {peer} is about {in_words(by)} {_wrong(by)}{_SURE if skew.is_sure else _UNSURE}"
        for peer, by in skew.peers.items()
    )


def _ahead(asked_at: datetime, word: CityWord[VerifiedRelease | Refusal] | CityWord[DryRun]) -> timedelta | None:
    """How far the city's clock is ahead of the asker's; None where it signed no time that is read here."""
    signed_at = _signed_at(word)
    return None if signed_at is None else signed_at - asked_at - timedelta(milliseconds=word.report.elapsed_ms)


def _signed_at(word: CityWord[VerifiedRelease | Refusal] | CityWord[DryRun]) -> datetime | None:
    if isinstance(word.word, VerifiedRelease | DryRun):
        return word.word.answered_at
    if word.word is None or word.proof is None or word.word.code not in _ABOUT_TIME:
        return None
    try:
        return decode_answer(word.proof.envelope.payload).answered_at
    except (PeerError, RefusedError):
        return None


def _wrong(ahead: timedelta) -> str:
    return "fast" if ahead > timedelta() else "slow"
