"""Threshold rule: whether a cell has enough contributors to be published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hansa_core.manifest.manifest import LEAST_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributors:
    """Who stands behind a figure: its distinct units, and the distinct entities that hold them."""

    units: int
    entities: int

    def __post_init__(self) -> None:
        if self.units < 0 or self.entities < 0:
            raise ValueError("contributors are counted from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRule:
    """A figure needs `min_units` distinct units and, where entity ≠ unit, `min_entities` distinct entities.

    `min_entities` None: the unit is the entity. Source: Hundepool et al., Handbook on SDC (2010), 4.2.
    """

    min_units: int
    min_entities: int | None

    def __post_init__(self) -> None:
        if self.min_units < LEAST_THRESHOLD:
            raise ValueError(f"min_units is {self.min_units}; the least is {LEAST_THRESHOLD}")
        if self.min_entities is not None and self.min_entities < LEAST_THRESHOLD:
            raise ValueError(f"min_entities is {self.min_entities}; the least is {LEAST_THRESHOLD}")

    def holds(self, contributors: Contributors) -> bool:
        """Whether enough stand behind the figure. Nobody is not enough: zero against suppressed would tell presence."""
        if contributors.units < self.min_units:
            return False
        return self.min_entities is None or contributors.entities >= self.min_entities

    def is_safe(self, rows: Contributors, measures: Iterable[Contributors]) -> bool:
        """Whether a cell may be published: it is unsafe for all of its figures if it is for one.

        `measures`: per measure, who has a value that is not NULL.
        """
        return self.holds(rows) and all(self.holds(contributors) for contributors in measures)
