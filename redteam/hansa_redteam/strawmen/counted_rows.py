"""Strawman of the threshold: whoever has several rows counts several times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hansa_core.protection.facts import CellFacts
from hansa_core.protection.threshold import Contributors
from hansa_node.ingest import cells
from hansa_redteam.running.removal import Removal

_facts = cells._facts


def _rows_as_units(figures: Sequence[int], spreads: Sequence[Any]) -> CellFacts:
    counted = _facts(figures, spreads)
    return replace(counted, contributors=Contributors(units=counted.rows, entities=counted.rows))


UNITS_ARE_ROWS = Removal("hansa_node.ingest.cells:_facts", _rows_as_units)
