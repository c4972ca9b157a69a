"""How much of a traceback an analyst has to read."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Any

import pytest

import hansa
from hansa.tracebacks import short_traceback
from hansa_simulated_city import SimulatedLeague

TYPO = "SELECT COUNT(* FROM harbour.ships"

ASKING: dict[str, Callable[[hansa.League], Any]] = {
    "sql": lambda league: league.sql(TYPO),
    "dry_run": lambda league: league.dry_run(TYPO),
    "explain": lambda league: league.explain(TYPO),
    "table": lambda league: league.table("harbour.ship"),
    "step": lambda league: league.table("harbour.ships").where(hansa.col("ton") > 1),
}


def frames_below(error: hansa.RefusedError) -> list[str]:
    """The functions of ours under the caller's own line."""
    assert error.__cause__ is None
    assert error.__suppress_context__
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)][2:]


@pytest.mark.parametrize("asking", ASKING)
def test_a_typo_shows_the_callers_line_and_no_reader(cities: SimulatedLeague, asking: str) -> None:
    with hansa.connect(cities.profile) as league, pytest.raises(hansa.RefusedError) as raised:
        ASKING[asking](league)
    assert frames_below(raised.value) == ["called"]


def test_so_does_one_in_asyncio(cities: SimulatedLeague) -> None:
    async def ask() -> None:
        async with await hansa.connect_async(cities.profile) as league:
            await league.sql(TYPO)

    with pytest.raises(hansa.RefusedError) as raised:
        asyncio.run(ask())
    assert [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)][-2:] == ["ask", "awaited"]


def test_a_mistake_of_our_own_keeps_every_frame() -> None:
    def inner() -> None:
        raise ZeroDivisionError

    @short_traceback
    def outer() -> None:
        inner()

    with pytest.raises(ZeroDivisionError) as raised:
        outer()
    assert [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)][-2:] == ["outer", "inner"]
