"""A clock that is wrong is named, on whichever side it is: by the times that cities signed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hansa
from hansa.cli import app
from hansa.evidence.replay import replay_folder
from hansa_simulated_city import REFUSAL, Fault, SimulatedLeague
from hansa_wire.rpc.clocks import clock_metadata

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"


@pytest.fixture
def league(cities: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(cities.profile) as connected:
        yield connected


def clocks(answer: hansa.Answer) -> list[str]:
    return [note for note in answer.notes if "clock" in note]


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=10), "This machine's clock is about 10 minutes slow by what the cities signed: set it."),
        (timedelta(minutes=-10), "This machine's clock is about 10 minutes fast by what the cities signed: set it."),
        (timedelta(days=365), "This machine's clock is about 365 days slow by what the cities signed: set it."),
    ],
)
def test_what_most_cities_signed_tells_that_the_askers_clock_is_wrong(
    cities: SimulatedLeague, league: hansa.League, ahead: timedelta, said: str
) -> None:
    for city in ("bremen", "luebeck"):
        cities.cities[city].clock_ahead = ahead
    assert clocks(league.sql(COUNT)) == [said]


def test_refusals_that_a_wrong_clock_explains_tell_it_too(cities: SimulatedLeague, league: hansa.League) -> None:
    for city in cities.cities.values():
        city.fault, city.refusal = Fault.REFUSE, replace(REFUSAL, code="expired")
        city.clock_ahead = timedelta(minutes=10)
    assert clocks(league.sql(COUNT))[0].startswith("This machine's clock is about 10 minutes slow")


def test_one_citys_wrong_clock_is_told_by_its_name(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["hamburg"].clock_ahead = timedelta(minutes=5)
    assert clocks(league.sql(COUNT)) == ["The clock of hamburg is about 5 minutes fast: its operator has to set it."]


@pytest.fixture
def coordinator_ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the clock by which the coordinator tells the time."""

    def set_clock(ahead: timedelta) -> None:
        def told(now: datetime) -> tuple[tuple[str, str], ...]:
            return clock_metadata(now + ahead)

        monkeypatch.setattr("hansa_wire.rpc.guard.clock_metadata", told)

    return set_clock


LATE = timedelta(minutes=10)


def test_where_two_cities_disagree_the_coordinators_clock_tells_which_is_wrong(
    cities: SimulatedLeague, league: hansa.League, coordinator_ahead: Callable[[timedelta], None]
) -> None:
    cities.cities["hamburg"].clock_ahead = LATE
    two = COUNT + " WHERE city IN ('hamburg', 'bremen')"
    assert clocks(league.sql(two)) == ["The clock of hamburg is about 10 minutes fast: its operator has to set it."]
    coordinator_ahead(LATE)
    said = "This machine's clock is about 10 minutes slow by what the cities signed: set it."
    assert clocks(league.sql(two)) == [said]


def test_a_replay_knows_what_the_coordinators_clock_said(
    cities: SimulatedLeague, league: hansa.League, tmp_path: Path, coordinator_ahead: Callable[[timedelta], None]
) -> None:
    coordinator_ahead(LATE)
    answer = league.sql(COUNT)
    assert clocks(answer) == ["The clock of the coordinator is about 10 minutes fast: its operator has to set it."]
    answer.save_evidence(tmp_path / "kept")
    assert replay_folder(tmp_path / "kept").answer.notes == answer.notes


def test_where_no_city_signs_a_time_the_coordinators_clock_is_compared(
    cities: SimulatedLeague, league: hansa.League, coordinator_ahead: Callable[[timedelta], None]
) -> None:
    coordinator_ahead(LATE)
    for city in cities.cities.values():
        city.fault = Fault.REJECT
    (said,) = clocks(league.sql(COUNT))
    assert said.startswith("The clock of the coordinator is about 10 minutes fast of this machine's")


def test_an_error_of_the_coordinator_tells_of_its_clock(
    cities: SimulatedLeague, league: hansa.League, coordinator_ahead: Callable[[timedelta], None]
) -> None:
    coordinator_ahead(LATE)
    with pytest.MonkeyPatch.context() as over:
        over.setattr("hansa_wire.rpc.guard.expiry_of", lambda _: datetime(2020, 1, 1))
        with pytest.raises(hansa.CoordinatorError) as silent:
            league.sql(COUNT)
    assert "a caller's certificate is in force" in str(silent.value)
    assert "The clock of the coordinator is about 10 minutes fast" in str(silent.value)


def test_dry_runs_tell_of_clocks(cities: SimulatedLeague, league: hansa.League) -> None:
    for city in cities.cities.values():
        city.clock_ahead = LATE
    said = "This machine's clock is about 10 minutes slow by what the cities signed: set it."
    assert league.dry_run(COUNT).notes == (said,)
    assert league.explain(COUNT)["Notes"].lines == (said,)
    shown = CliRunner().invoke(app, ["query", COUNT, "--dry-run", "--profile", str(cities.profile)])
    assert said in shown.stderr


def test_the_async_twin_tells_of_clocks_too(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].clock_ahead = LATE

    async def scene() -> tuple[str, ...]:
        async with await hansa.connect_async(cities.profile) as league:
            return (await league.dry_run(COUNT)).notes

    assert asyncio.run(scene()) == ("The clock of hamburg is about 10 minutes fast: its operator has to set it.",)


def test_clocks_that_differ_by_less_than_a_minute_are_no_news(cities: SimulatedLeague, league: hansa.League) -> None:
    for city in cities.cities.values():
        city.clock_ahead = timedelta(seconds=50)
    assert clocks(league.sql(COUNT)) == []


def test_a_replay_says_the_same_years_later(cities: SimulatedLeague, league: hansa.League, tmp_path: Path) -> None:
    for city in cities.cities.values():
        city.clock_ahead = timedelta(minutes=10)
    answer = league.sql(COUNT)
    answer.save_evidence(tmp_path / "kept")
    assert replay_folder(tmp_path / "kept").answer.notes == answer.notes
