"""Strawman of the threshold: whoever has several rows counts several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hansa_core.protection.tables import CellTotals
from hansa_core.protection.threshold import Contributors
from hansa_node.ingest import cells
from hansa_redteam.running.removal import Removal

_totals = cells._totals


def _rows_as_units(figures: Sequence[int]) -> CellTotals:
    counted = _totals(figures)
    return replace(counted, contributors=Contributors(units=counted.rows, entities=counted.rows))


UNITS_ARE_ROWS = Removal("hansa_node.ingest.cells:_totals", _rows_as_units)
