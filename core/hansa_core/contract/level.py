"""Protection levels, from the least strict to the strictest."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """A protection level: what a city answers about a dataset."""

    OPEN = "open"
    CONTROLLED = "controlled"


LEVELS_BY_STRICTNESS = (Level.OPEN, Level.CONTROLLED)
