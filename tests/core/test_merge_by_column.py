"""Merging by column and the definition cell by cell give one table: values, gaps, cities, marks and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome, merge
from hansa_core.partial.partial import partial_from_rows, rows_of
from hansa_core.partial.wholes import filled
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.moments import MAX_ROWS, MomentKind, moments_of
from hansa_core.plan.plan import Plan
from hansa_merge_by_cell import merge_by_cell
from hansa_merged_cells import MergedCell, cells_of
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIPS, plans, stored_rows

Row = tuple[Value | None, ...]


@st.composite
def answered(draw: st.DrawFn, plan: Plan, city: str, level: Level) -> CityOutcome:
    """A city that is missing, or answers from a few rows, with some figures suppressed, or claims far too many rows."""
    if draw(st.integers(0, 5)) == 0:
        return CityMissing(city=city, reason=draw(st.sampled_from(["timed_out", "denied", "failed"])))
    rows = draw(st.lists(stored_rows(), max_size=12))
    engine = ReferenceEngine(TRIPS, rows)
    table = stack(plan, TRIPS, [engine.aggregate(one, max_cells=10**6) for one in plain_plans(plan)])
    cells = [draw(suppressed(plan, row)) for row in rows_of(table)]
    return CityAnswer(city=city, level=level, table=partial_from_rows(plan, TRIPS, cells))


@st.composite
def suppressed(draw: st.DrawFn, plan: Plan, row: Row) -> Row:
    """The cell without some of its figures: all but bins with their counts, so that it stays plausible."""
    moments = moments_of(plan, TRIPS)
    width = plan.key_width
    figures = dict(zip(moments, row[width:], strict=True))
    if all(moment.counts and moment.kind is not MomentKind.BIN for moment in moments) and draw(st.integers(0, 40)) == 0:
        return (*row[:width], *(MAX_ROWS for _ in figures))
    hidden = {moment for moment in moments if draw(st.integers(0, 6)) == 0}
    return (
        *row[:width],
        *(
            None
            if moment in hidden or (moment.kind is not MomentKind.BIN and not moment.counts and moment.count in hidden)
            else value
            for moment, value in figures.items()
        ),
    )


def told(cells: Sequence[MergedCell]) -> list[str]:
    """Each cell as text, in which 1, 1.0 and True, and 0.0 and -0.0, differ."""
    return [
        repr((cell.city, cell.keys, one.value, one.cities, sorted(one.gaps.items()), sorted(one.marks), one.interval))
        for cell in cells
        for one in cell.values
    ]


@settings(max_examples=150)
@given(st.data())
def test_merging_by_column_is_merging_cell_by_cell(data: st.DataObject) -> None:
    plan = canonicalise(data.draw(plans()))
    by_city, partial = data.draw(st.booleans()), data.draw(st.booleans())
    level = data.draw(st.sampled_from([Level.OPEN, Level.CONTROLLED]))
    outcomes: Mapping[str, CityOutcome] = {
        city: data.draw(answered(plan, city, level)) for city in "abcd"[: data.draw(st.integers(1, 4))]
    }
    found = merge(plan, TRIPS, outcomes, by_city=by_city, partial=partial)
    assert told(cells_of(found)) == told(merge_by_cell(plan, TRIPS, outcomes, by_city=by_city, partial=partial))
    assert found.to_arrow().num_rows == found.num_rows


def test_a_city_that_is_missing_adds_nothing_of_any_size() -> None:
    """What MIN and MAX are over no rows lies beyond 64 bits, where their argument may."""
    values, missing = np.array([1, 2]), np.array([True, False])
    assert filled(values, missing, 2**100).tolist() == [2**100, 2]
    assert (filled(values, missing, 5).tolist(), filled(values, missing, 5).dtype) == ([5, 2], values.dtype)
