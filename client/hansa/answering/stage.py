"""Stages of a question under way, as whoever waits for its answer is told of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Stage(StrEnum):
    """How far a question has come."""

    ASKED = "asked"  # it is signed, and on its way to the cities
    ANSWERED = "answered"  # every city has ended, one way or another
    MERGING = "merging"  # what they signed becomes one table
    SHAPING = "shaping"  # the outer SELECT runs over it, and marks and notes are found


OnStage = Callable[[Stage], None]


def tell_nobody(stage: Stage) -> None:
    """Tell nobody."""
