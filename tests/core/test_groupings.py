"""Totals over some of the keys: each asked by itself, and told apart from a key that is NULL."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from hansa_add_partials import add_partials
from hansa_core.contract.level import Level
from hansa_core.errors import PeerError
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, CityMissing, merge
from hansa_core.partial.partial import partial_from_rows, read_partial, rows_of, write_partial
from hansa_core.plan.canonical import canonicalise, plan_hash
from hansa_core.plan.expression import Column
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_merged_cells import cells_of
from hansa_strategies import TRIPS

UNITS = Aggregate(AggregateFunction.COUNT_DISTINCT, "rider")
PAID, MODE = Column("paid"), Column("mode")
ROLLUP = canonicalise(Plan(TRIPS.id, None, (PAID, MODE), (UNITS,), ((0,), ())))
# Canonical keys are mode, paid; the totals keep paid, or nothing. One rider went by tram and by bus, unpaid or unknown.
CELLS = [
    ("tram", True, 0, 1),
    ("bus", True, 0, 1),
    ("bus", None, 0, 2),
    (None, True, 2, 1),
    (None, None, 2, 2),
    (None, None, 1, 3),
]


def partial(*cells: tuple[object, ...]) -> pa.Table:
    return partial_from_rows(ROLLUP, TRIPS, cells)  # type: ignore[arg-type]


def test_a_rollup_is_one_plain_plan_for_each_grouping() -> None:
    assert [plan.keys for plan in plain_plans(ROLLUP)] == [(MODE, PAID), (), (PAID,)]
    assert {plan.totals for plan in plain_plans(ROLLUP)} == {()}


def test_totals_are_part_of_the_question_and_follow_their_keys() -> None:
    turned = Plan(TRIPS.id, None, (MODE, PAID), (UNITS,), ((), (1,)))
    assert canonicalise(turned) == ROLLUP
    assert canonicalise(ROLLUP) == ROLLUP
    assert len({plan_hash(plan) for plan in (ROLLUP, replace(ROLLUP, totals=((),)), replace(ROLLUP, totals=()))}) == 3


def test_a_total_over_keys_that_are_one_is_no_total() -> None:
    assert canonicalise(Plan(TRIPS.id, None, (PAID, PAID), (UNITS,), ((0,),))).totals == ()


@pytest.mark.parametrize("totals", [((0, 1),), ((1, 0),), ((2,),), ((0, 0),), ((-1,),), ((0,), (0,))])
def test_a_total_keeps_some_of_the_keys(totals: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="total"):
        Plan(TRIPS.id, None, (PAID, MODE), (UNITS,), totals)


def test_stacked_plain_answers_are_the_answer() -> None:
    both, all_, paid = plain_plans(ROLLUP)
    tables = [
        partial_from_rows(both, TRIPS, [("tram", True, 1), ("bus", True, 1), ("bus", None, 2)]),
        partial_from_rows(all_, TRIPS, [(3,)]),
        partial_from_rows(paid, TRIPS, [(True, 1), (None, 2)]),
    ]
    assert stack(ROLLUP, TRIPS, tables).equals(partial(*CELLS))


def test_a_total_stands_below_its_cells_and_apart_from_null() -> None:
    read = read_partial(write_partial(partial(*CELLS[::-1])), ROLLUP, TRIPS)
    assert list(rows_of(read)) == [CELLS[0], CELLS[1], CELLS[2], CELLS[3], CELLS[5], CELLS[4]]


def test_totals_merge_among_themselves() -> None:
    answers = {city: CityAnswer(city=city, level=Level.OPEN, table=partial(*CELLS)) for city in ("a", "b")}
    merged = merge(ROLLUP, TRIPS, answers, by_city=False, partial=False)
    assert {cell.keys: cell.values[0].value for cell in cells_of(merged)} == {row[:3]: 2 * row[3] for row in CELLS}
    missing = merge(
        ROLLUP, TRIPS, answers | {"c": CityMissing(city="c", reason="timed_out")}, by_city=True, partial=False
    )
    assert missing.num_rows == 2 * len(CELLS) + 1


def test_over_nothing_the_grand_total_is_a_cell() -> None:
    assert list(rows_of(add_partials(ROLLUP, TRIPS, []))) == [(None, None, 1, 0)]


@pytest.mark.parametrize(
    "cells",
    [
        [*CELLS, (None, None, 3, 1)],
        [*CELLS, (None, None, None, 1)],
        [*CELLS[:5], ("bus", None, 1, 3)],
        CELLS[:5],
        [*CELLS[:3], (None, True, 0, 1), CELLS[5]],
        [("zeppelin", True, 0, 1), *CELLS[1:]],
    ],
    ids=[
        *("another grouping", "no grouping", "a total with a key", "no grand total", "a required key missing"),
        "a key outside its public domain",
    ],
)
def test_groupings_that_were_not_asked_are_refused(cells: list[tuple[object, ...]]) -> None:
    sent = write_partial(partial(*cells))
    with pytest.raises(PeerError):
        read_partial(sent, ROLLUP, TRIPS)
