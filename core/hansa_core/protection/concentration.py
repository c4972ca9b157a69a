"""Concentration rules: whether one contributor's part of a total can be estimated from the total."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from hansa_core.manifest.manifest import MAX_DOMINANT_ENTITIES

MAX_LARGEST = MAX_DOMINANT_ENTITIES
"""Entities whose totals are told one by one: a dominance rule looks at no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """How a magnitude is spread over entities: its total, and the totals of the largest entities, largest first.

    `largest` has at most MAX_LARGEST, and all of them where there are fewer entities. No total is below 0.
    """

    total: int
    largest: tuple[int, ...]

    def __post_init__(self) -> None:
        if list(self.largest) != sorted(self.largest, reverse=True) or len(self.largest) > MAX_LARGEST:
            raise ValueError(f"largest is at most {MAX_LARGEST} totals, largest first")
        if any(part < 0 for part in self.largest) or sum(self.largest) > self.total:
            raise ValueError("the largest totals are parts of the total, none below 0")


NOTHING = Concentration(total=0, largest=())


@dataclass(frozen=True, slots=True, kw_only=True)
class DominanceRule:
    """(n, k) dominance: unsafe where the `largest` n entities hold more than the share `share` of the total.

    Source: Hundepool et al., Handbook on SDC (2010), 4.2.
    """

    largest: int
    share: Fraction

    def __post_init__(self) -> None:
        if not 1 <= self.largest <= MAX_LARGEST:
            raise ValueError(f"dominance.largest is {self.largest}; it is from 1 to {MAX_LARGEST}")
        if not 0 < self.share < 1:
            raise ValueError(f"dominance.share is {float(self.share):g}; it lies between 0 and 1")

    def level(self, spread: Concentration) -> int:
        """How far from its true value the total must seem possible, at least; 0 or less where it is safe as it is."""
        return ceil(sum(spread.largest[: self.largest]) / self.share - spread.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentRule:
    """p %: unsafe where the second largest entity can estimate the largest to within the share `share` of it.

    Source: Hundepool et al., Handbook on SDC (2010), 4.2.
    """

    share: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(f"p_percent is {float(self.share):g}; it lies between 0 and 1, such as 0.1")

    def level(self, spread: Concentration) -> int:
        """How far from its true value the total must seem possible, at least; 0 or less where it is safe as it is."""
        first, second, *_ = (*spread.largest, 0, 0)
        return ceil(self.share * first - (spread.total - first - second))
