"""What was read once is handed out again for the very same bytes, plan and contract, and for nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansa_core.errors import PeerError
from hansa_core.partial import read_again
from hansa_core.partial.partial import partial_from_rows, write_partial
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


def test_no_equal_plan_stands_for_another() -> None:
    one, other = replace(PLAN), replace(PLAN)
    assert one == other
    assert moments_of(one, TRIPS) is moments_of(one, TRIPS)
    assert moments_of(one, TRIPS) is not moments_of(other, TRIPS)
