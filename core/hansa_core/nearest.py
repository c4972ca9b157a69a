"""Nearest known name: what a misspelt one most likely means."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_SHOWN = 64


def shown(name: str) -> str:
    """`name` in quotes, cut to a length that an error text can carry."""
    return repr(name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…")


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy: the nearest known name whatever its case, or all of them when none is near."""
    names = sorted(known)
    folded = {each.casefold(): each for each in names}
    close = get_close_matches(name[:_LONGEST_SHOWN].casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]}?" if close else f"known are: {', '.join(names)}"
