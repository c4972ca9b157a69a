"""Figures of published cells, as an attacker knows them: shown with their value, or suppressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hansa_redteam.unpicking.layout import Selected, TableCell


class FigureKind(StrEnum):
    """What a figure says of a cell."""

    ROWS = "rows"
    COUNT = "count"  # rows where the measure is not NULL
    SUM = "sum"  # the measure's quanta, added up


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One figure of a cell. `measure`: none for ROWS."""

    kind: FigureKind
    measure: str = ""


ROWS = PublishedFigure(FigureKind.ROWS)

CellFigure = tuple[Selected, PublishedFigure]
"""A figure of a set of atoms: the same in every table that has the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFigures:
    """All that the answers of a city say together, in whole quanta. `held`: cells of which no figure is shown."""

    shown: Mapping[CellFigure, int]
    held: tuple[TableCell, ...]

    def together_with(self, later: KnownFigures) -> KnownFigures:
        """What two publications say of the same rows: each shows cells that the other one does not."""
        shown = {**self.shown, **later.shown}
        some = {selected for selected, _ in shown}
        return KnownFigures(shown=shown, held=tuple(cell for cell in later.held if cell.selected not in some))
