"""City sets: which cities are merged into one figure, and under which labels it stands."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.contract.types import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CitySet:
    """Cities whose figures are merged.

    `labels`: the value of each city key that they share, None where it is rolled up. `groupings`: which groupings of
    the plan stand under it, each as its place in `plan.groupings` and the number that the statement gives it.
    """

    cities: tuple[str, ...]
    labels: tuple[Value | None, ...]
    groupings: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMeasure:
    """An aggregate of a plan, by its place there, over some of the asked cities alone."""

    aggregate: int
    cities: frozenset[str]
