"""Counted things in English, for a terminal."""

from __future__ import annotations


def many(number: int, one: str, several: str | None = None) -> str:
    """The number and what there is of it. `several`: None: `one` with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"
