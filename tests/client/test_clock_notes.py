"""A clock that is wrong is named, on whichever side it is: by the times that cities signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import hansa
from hansa.evidence.replay import replay_folder
from hansa_simulated_city import REFUSAL, Fault, SimulatedLeague

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
