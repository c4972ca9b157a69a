"""Cell rules of strawmen that answer from rows: what becomes of one figure of one cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hansa_core.partial.partial import Row
from hansa_core.plan.moments import MomentKind
from hansa_core.plan.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFigure:
    """One figure before any protection.

    `key`: of its cell. `units`: who stands behind it; `dataset_units`: who is in the dataset.
    """

    plan: Plan
    key: Row
    kind: MomentKind
    value: int
    units: int
    dataset_units: int


class CellRule(Protocol):
    """What a strawman does to a figure before it is released."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        """The figure as it leaves; None: suppressed."""


class QuerySetThreshold:
    """A threshold on whoever the question selects, and nothing else: any set of rows may be selected."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return figure.value if figure.units >= threshold else None


class GroupedThreshold:
    """A threshold on grouped answers alone."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        is_exempt = not figure.plan.keys or figure.kind is MomentKind.DISTINCT
        return figure.value if is_exempt or figure.units >= threshold else None


class SumThreshold:
    """A threshold on sums; counts are always shown."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        is_shown = figure.kind is not MomentKind.SUM or figure.units >= threshold
        return figure.value if is_shown else None


class DatasetThreshold:
    """A threshold on the dataset as a whole."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return figure.value if figure.dataset_units >= threshold else None


class LeftToTheMerge:
    """No threshold at the city: it trusts that the sum over all cities is large enough."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return figure.value
