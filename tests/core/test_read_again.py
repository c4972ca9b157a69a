"""What was read once is handed out again for the very same bytes, plan and contract, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansa_core.contract.level import Level
from hansa_core.errors import PeerError
from hansa_core.partial import merge_again, read_again
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.partial.merge_again import Merges
from hansa_core.partial.merged_table import MergedTable
from hansa_core.partial.partial import partial_from_rows, read_partial, write_partial
from hansa_core.partial.read_again import ReadPartials
from hansa_core.plan.expression import Column
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_strategies import TRIPS

PLAN = Plan(TRIPS.id, None, (), (Aggregate(AggregateFunction.SUM, "fare"),))
BYTES = write_partial(partial_from_rows(PLAN, TRIPS, [(3, 12)]))


def test_the_same_bytes_give_the_same_table() -> None:
    partials = ReadPartials()
    first = partials.read(BYTES, PLAN, TRIPS)
    assert partials.read(bytes(bytearray(BYTES)), PLAN, TRIPS) is first


def test_bytes_that_fitted_one_plan_are_held_against_another() -> None:
    partials = ReadPartials()
    partials.read(BYTES, PLAN, TRIPS)
    with pytest.raises(PeerError):
        partials.read(BYTES, replace(PLAN, keys=(Column("mode"),)), TRIPS)


def test_each_flipped_bit_is_read_anew() -> None:
    partials = ReadPartials()
    known = partials.read(BYTES, PLAN, TRIPS)
    for place in range(0, len(BYTES), 7):
        flipped = bytearray(BYTES)
        flipped[place] ^= 1
        try:
            assert partials.read(bytes(flipped), PLAN, TRIPS) is not known
        except PeerError:
            continue


def test_what_is_remembered_is_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    partials = ReadPartials()
    first = partials.read(BYTES, PLAN, TRIPS)
    for _ in range(read_again._REMEMBERED):
        partials.read(BYTES, replace(PLAN), TRIPS)
    assert partials.read(BYTES, PLAN, TRIPS) is not first
    monkeypatch.setattr(read_again, "_MOST_BYTES", len(BYTES) - 1)
    large = replace(PLAN)
    assert partials.read(BYTES, large, TRIPS) is not partials.read(BYTES, large, TRIPS)


def test_a_merge_is_done_again_for_another_table_level_reason_or_way_of_asking() -> None:
    merges = Merges()
    one, other = (read_partial(BYTES, PLAN, TRIPS) for _ in range(2))
    bremen = CityAnswer(city="bremen", level=Level.OPEN, table=one)
    asked: list[tuple[dict[str, CityOutcome], bool, bool]] = [
        ({"bremen": bremen}, False, False),
        ({"bremen": bremen}, True, False),
        ({"bremen": bremen}, False, True),
        ({"bremen": replace(bremen, table=other)}, False, False),
        ({"bremen": replace(bremen, level=Level.CONTROLLED)}, False, False),
        ({"bremen": bremen, "hamburg": CityMissing(city="hamburg", reason="failed")}, False, False),
        ({"bremen": bremen, "hamburg": CityMissing(city="hamburg", reason="timed_out")}, False, False),
    ]

    def merged() -> list[MergedTable]:
        return [merges.merge(PLAN, TRIPS, them, by_city=by_city, partial=partial) for them, by_city, partial in asked]

    first, again = merged(), merged()
    assert [one is two for one, two in zip(first, again, strict=True)] == [True] * len(asked)
    assert len(set(map(id, first))) == len(asked)


def test_the_tables_of_large_merges_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    merges = Merges()
    table = read_partial(BYTES, PLAN, TRIPS)
    monkeypatch.setattr(merge_again, "_MOST_BYTES", table.nbytes - 1)
    them = {"bremen": CityAnswer(city="bremen", level=Level.OPEN, table=table)}
    one, other = (merges.merge(PLAN, TRIPS, them, by_city=False, partial=False) for _ in range(2))
    assert one is not other


def test_no_equal_plan_stands_for_another() -> None:
    one, other = replace(PLAN), replace(PLAN)
    assert one == other
    assert moments_of(one, TRIPS) is moments_of(one, TRIPS)
    assert moments_of(one, TRIPS) is not moments_of(other, TRIPS)
