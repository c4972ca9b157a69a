"""Notes on costs: what several questions of one statement cost each city together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hansa.answering.city_words import CityWord
from hansa_core.partial.answer import DryRun


def cost_notes(words: Sequence[Mapping[str, CityWord[DryRun]]]) -> tuple[str, ...]:
    """A sentence with the sum of each city's charges; none where one query is sent. `words`: of each query, by city."""
    if len(words) < 2:
        return ()
    charges: Counter[str] = Counter()
    for said in words:
        for city, word in said.items():
            charges[city] += 0 if word.word is None else word.word.cost_microrho or 0
    told = ", ".join(f"{city} {cost:,}" for city, cost in sorted(charges.items()))
    return (f"The statement asks {len(words)} questions, and each is charged: together, in millionths of rho, {told}.",)
