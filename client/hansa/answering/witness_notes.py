"""Notes on witnesses: which cities answered although no quorum has cosigned their logs for long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa_core.partial.answer import Refusal


def witness_notes(words: Iterable[CityWord[VerifiedRelease | Refusal]]) -> Iterator[str]:
    """A sentence about each city that answers unwitnessed: its log proves as much as before only once others have
    cosigned it."""
    for word in words:
        if isinstance(word.word, VerifiedRelease) and word.word.unwitnessed_since is not None:
            since = f"{word.word.unwitnessed_since:%Y-%m-%d %H:%M} UTC"
            yield (
                f"{word.report.city} has no quorum of witnesses since {since}: until it has one again, nobody but the"
                " city itself vouches that this answer stays in its log."
            )
