"""Cell rules of strawmen that blur figures instead of publishing them once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hansa_core.plan.canonical import plan_hash
from hansa_redteam.strawmen.cell_rule import RawFigure

MEAN_NOISE = 2  # the noise is uniform over 0 .. 4: a count below zero would be turned away as implausible


class NoisePerSpelling:
    """Every cell is shown with noise that is drawn afresh for each way in which the question is written."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return figure.value + _noise(figure, 2 * MEAN_NOISE)


class NoisyQuerySets:
    """Any set of rows that is large enough, with a little noise."""

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return figure.value + _noise(figure, 2) - 1 if figure.units >= threshold else None


@dataclass(frozen=True, slots=True)
class RoundedQuerySets:
    """Any set of rows that is large enough, rounded to a multiple of `base`."""

    base: int = 5

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        return (figure.value + self.base // 2) // self.base * self.base if figure.units >= threshold else None


def _noise(figure: RawFigure, most: int) -> int:
    """From 0 to `most`, the same for the same plan and cell: repeating a question word for word averages nothing."""
    drawn = hashlib.sha256(plan_hash(figure.plan) + repr(figure.key).encode()).digest()
    return int.from_bytes(drawn[:8], "big") % (most + 1)
