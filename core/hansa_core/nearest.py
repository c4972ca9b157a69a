"""Nearest known name: what a misspelt one most likely means."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_SHOWN = 64


def shown(name: str) -> str:
    """`name` in quotes, cut to a length that an error text can carry."""
    return repr(name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…")


def near(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known name that is nearest, whatever its case; None where none is near.

    `cutoff`: how like it must be, 0 to 1.
    """
    folded = {each.casefold(): each for each in sorted(known)}
    close = get_close_matches(name[:_LONGEST_SHOWN].casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy: the nearest known name, or all of them when none is near."""
    names = sorted(known)
    found = near(name, names)
    return f"known are: {', '.join(names)}" if found is None else f"did you mean {found}?"
