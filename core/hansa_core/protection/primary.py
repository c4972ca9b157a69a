"""Primary suppression: which cells are unsafe by themselves, why, and how uncertain their figures must stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.concentration import Concentration, DominanceRule, PercentRule
from hansa_core.protection.facts import CellFacts, MeasureFacts
from hansa_core.protection.threshold import ThresholdRule


class Cause(StrEnum):
    """Why a cell is suppressed: for the steward and the opening, never for the answer."""

    THRESHOLD = "threshold"
    DOMINANCE = "dominance"
    P_PERCENT = "p_percent"
    GROWING = "growing"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """How uncertain a figure must stay, in its whole steps.

    `width`: the least distance between the values that it may have for all that is shown. `either_side`: the least
    distance of its true value from the smallest and from the largest of them.
    """

    width: int = 0
    either_side: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryRules:
    """The rules that judge a cell by its own facts: threshold on every figure, dominance and p % on what adds up."""

    threshold: ThresholdRule
    dominance: DominanceRule
    percent: PercentRule

    def cause(self, cell: CellFacts) -> Cause | None:
        """The first rule that the cell breaks in any of its figures; None where it is safe.

        A cell without rows is unsafe: zero beside suppressed would tell that nobody is there.
        """
        if self._has_few(cell):
            return Cause.THRESHOLD
        spreads = [cell.spread]
        for measure in cell.measures:
            spreads += [measure.spread_of_count, *measure.spreads]
        if any(self.dominance.level(spread) > 0 for spread in spreads):
            return Cause.DOMINANCE
        return Cause.P_PERCENT if any(self.percent.level(spread) > 0 for spread in spreads) else None

    def of_rows(self, cell: CellFacts) -> Uncertainty:
        """What the number of rows of an unsafe cell needs."""
        width = self.threshold.min_units if self._has_few(cell) else 0
        return Uncertainty(width=width, either_side=self._level([cell.spread]))

    def of_count(self, cell: CellFacts, measure: MeasureFacts) -> Uncertainty:
        """What the number of values of a measure in an unsafe cell needs."""
        width = self.threshold.min_units if self._has_few(cell) else 0
        return Uncertainty(width=width, either_side=self._level([measure.spread_of_count]))

    def of_total(self, cell: CellFacts, measure: MeasureFacts, span: int) -> Uncertainty:
        """What the sum of a measure over an unsafe cell needs. `span`: upper − lower of the measure, in quanta."""
        width = max(span, ceil(Fraction(self.threshold.min_units * span, 10))) if self._has_few(cell) else 0
        return Uncertainty(width=width, either_side=self._level(measure.spreads))

    def of_total_by_count(self, cell: CellFacts, measure: MeasureFacts, span: int) -> Uncertainty:
        """The same for who knows how many values there are: of what count and bounds alone leave, one half."""
        width = ceil(Fraction(measure.count * span, 2)) if self._has_few(cell) else 0
        return Uncertainty(width=width, either_side=self._level(measure.spreads))

    def _has_few(self, cell: CellFacts) -> bool:
        return not self.threshold.is_safe(cell.contributors, [measure.contributors for measure in cell.measures])

    def _level(self, spreads: Sequence[Concentration]) -> int:
        levels = (max(self.dominance.level(spread), self.percent.level(spread)) for spread in spreads)
        return max(0, *levels)


def primary_rules(contract: Contract, manifest: Manifest) -> PrimaryRules:
    """The manifest's rules; entities are counted only where they are not the units themselves."""
    entities = None if contract.entity == contract.unit else manifest.min_entities
    return PrimaryRules(
        threshold=ThresholdRule(min_units=manifest.threshold, min_entities=entities),
        dominance=DominanceRule(largest=manifest.dominant_entities, share=manifest.dominant_share),
        percent=PercentRule(share=manifest.p_percent),
    )
