"""Facts of a cell: all that the disclosure rules ask about it, counted once at ingest."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.protection.concentration import NOTHING, Concentration
from hansa_core.protection.threshold import Contributors


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureFacts:
    """A measure over one cell, in whole quanta.

    `count`: its values that are not NULL; `total`: their sum. `contributors`: who has a value other than 0; a zero adds
    nothing to a sum and hides nobody in it. `spread_of_count`: how the values are spread over entities. `spreads`: how
    |x|, x − lower and upper − x are.
    """

    contributors: Contributors
    count: int
    total: int
    spread_of_count: Concentration
    spreads: tuple[Concentration, Concentration, Concentration]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """A cell before protection. `spread`: how its rows are spread over entities. `measures`: in the table's order."""

    contributors: Contributors
    rows: int
    spread: Concentration
    measures: tuple[MeasureFacts, ...]


def no_facts(measures: int) -> CellFacts:
    """The facts of a cell without rows."""
    nobody = Contributors(units=0, entities=0)
    nothing = MeasureFacts(contributors=nobody, count=0, total=0, spread_of_count=NOTHING, spreads=(NOTHING,) * 3)
    return CellFacts(contributors=nobody, rows=0, spread=NOTHING, measures=(nothing,) * measures)
