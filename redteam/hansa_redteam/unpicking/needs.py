"""Needs of a figure: which cells are unsafe by the published rules, and how uncertain their figures must stay.

Written from the rules' definitions alone: the node's own code for them is what is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from hansa_core.manifest.manifest import Manifest
from hansa_redteam.unpicking.figures import ROWS, FigureKind, PublishedFigure
from hansa_redteam.unpicking.layout import TableCell, TableLayout
from hansa_redteam.unpicking.microdata import CellRows, Microdata, Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one figure of an unsafe cell needs, in whole steps.

    `width`: between the least and the greatest value that it may have. `beside`: from the true value to either of them.
    `width_by_count`: the width of a sum for whoever knows how many values it has.
    """

    width: int = 0
    beside: int = 0
    width_by_count: int = 0


class FigureNeeds:
    """The rules of one manifest over one dataset, with all of their parameters: the attacker may have guessed them."""

    def __init__(self, microdata: Microdata) -> None:
        self._microdata = microdata
        self._layout: TableLayout = microdata.layout
        self._manifest: Manifest = self._layout.manifest
        contract = self._layout.contract
        self._has_entities = contract.entity != contract.unit

    def of(self, cell: TableCell) -> dict[PublishedFigure, Need]:
        """By figure; empty for a safe cell."""
        rows = self._microdata.of(cell.selected)
        measures = [name for name in self._layout.shapes[cell.table].measures if not self._is_null(cell, name)]
        has_few = self._is_few(np.ones(len(rows.units), dtype=bool), rows)
        has_few |= any(self._is_few(rows.values[name] != 0, rows) for name in measures)
        threshold = self._manifest.threshold if has_few else 0
        needs = {ROWS: Need(width=threshold, beside=self._level(_by_entity(rows.entities, np.ones_like(rows.units))))}
        for name in measures:
            known = rows.known[name].astype(np.int64)
            count, total = PublishedFigure(FigureKind.COUNT, name), PublishedFigure(FigureKind.SUM, name)
            needs[count] = Need(width=threshold, beside=self._level(_by_entity(rows.entities, known)))
            level = max(self._level(_by_entity(rows.entities, part)) for part in self._parts(rows, name))
            needs[total] = self._of_sum(name, int(known.sum()), level, has_few=has_few)
        return needs if has_few or any(need.beside for need in needs.values()) else {}

    def _of_sum(self, name: str, count: int, level: int, *, has_few: bool) -> Need:
        lower, upper = self._layout.contract.columns[name].bounds
        span = upper - lower
        width = max(span, ceil(Fraction(self._manifest.threshold * span, 10))) if has_few else 0
        return Need(width=width, beside=level, width_by_count=ceil(Fraction(count * span, 2)) if has_few else 0)

    def is_unsafe(self, cell: TableCell) -> bool:
        """Whether any rule withholds the cell by itself."""
        return bool(self.of(cell))

    def _is_few(self, contributing: npt.NDArray[np.bool_], rows: CellRows) -> bool:
        if len(np.unique(rows.units[contributing])) < self._manifest.threshold:
            return True
        return self._has_entities and len(np.unique(rows.entities[contributing])) < self._manifest.min_entities

    def _is_null(self, cell: TableCell, name: str) -> bool:
        """Whether the measure is NULL all over the cell by its definition."""
        place = self._layout.place(name)
        return all(self._layout.leaves[name][leaf] is None for leaf in cell.selected[place])

    def _parts(self, rows: CellRows, name: str) -> tuple[Whole, Whole, Whole]:
        """|x|, x − lower and upper − x of each row; 0 where x is NULL."""
        lower, upper = self._layout.contract.columns[name].bounds
        values, known = rows.values[name], rows.known[name]
        return np.abs(values), np.where(known, values - lower, 0), np.where(known, upper - values, 0)

    def _level(self, totals: Whole) -> int:
        """How far from the true total it must seem possible: by dominance and by p %; 0 where it is safe."""
        whole = int(totals.sum())
        largest = [int(total) for total in totals[: self._manifest.dominant_entities]]
        dominance = ceil(sum(largest) / self._manifest.dominant_share - whole)
        first, second = (*(int(total) for total in totals[:2]), 0, 0)[:2]
        return max(0, dominance, ceil(self._manifest.p_percent * first - (whole - first - second)))


def _by_entity(entities: Whole, parts: Whole) -> Whole:
    """The total of each entity, largest first."""
    _, places = np.unique(entities, return_inverse=True)
    return np.sort(np.bincount(places, weights=parts.astype(np.float64)).astype(np.int64))[::-1]
