"""Notes on clocks: whether the times that cities signed fit the clock of the machine that asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa_core.errors import PeerError, RefusedError
from hansa_core.partial.answer import Refusal
from hansa_wire.codec.answer_codec import decode_answer

_FAR = timedelta(seconds=60)
_ABOUT_TIME = frozenset({"expired", "expiry_too_far", "credential_expired", "roster_expired"})
"""The refusals that a wrong clock explains; of others the time is not read."""


def clock_notes(asked_at: datetime, words: Mapping[str, CityWord[VerifiedRelease | Refusal]]) -> tuple[str, ...]:
    """A sentence about each clock that is more than a minute wrong: most cities together prove it of the asker's.

    `asked_at`: by the asker's clock, naive UTC. `words`: of every addressed city, by name.
    """
    ahead = {city: _ahead(asked_at, word) for city, word in words.items()}
    told = {city: by for city, by in ahead.items() if by is not None}
    far = {city: by for city, by in told.items() if abs(by) > _FAR}
    alike = [by for by in far.values() if (by > timedelta()) == (next(iter(far.values())) > timedelta())]
    if len(alike) > len(told) / 2:
        middle = sorted(alike)[len(alike) // 2]
        wrong = "slow" if middle > timedelta() else "fast"
        return (f"This machine's clock is about {_amount(middle)} {wrong} by what the cities signed: set it.",)
    return tuple(
        f"The clock of {city} is about {_amount(by)} {'fast' if by > timedelta() else 'slow'}: "
        "its operator has to set it."
        for city, by in far.items()
    )


def _ahead(asked_at: datetime, word: CityWord[VerifiedRelease | Refusal]) -> timedelta | None:
    """How far the city's clock is ahead of the asker's; None where it signed no time that is read here."""
    signed_at = _signed_at(word)
    return None if signed_at is None else signed_at - asked_at - timedelta(milliseconds=word.report.elapsed_ms)


def _signed_at(word: CityWord[VerifiedRelease | Refusal]) -> datetime | None:
    if isinstance(word.word, VerifiedRelease):
        return word.word.answered_at
    if word.word is None or word.proof is None or word.word.code not in _ABOUT_TIME:
        return None
    try:
        return decode_answer(word.proof.envelope.payload).answered_at
    except (PeerError, RefusedError):
        return None


def _amount(by: timedelta) -> str:
    minutes = round(abs(by) / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"
