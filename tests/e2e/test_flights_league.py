"""The running league of airports: two contracts, three cities, one answer each; and the notes that belong to it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import hansa
from hansa_demo.evidence_stop import show_evidence
from hansa_demo.league import league_in, make_league, running_league
from hansa_demo.leagues.flights import FLIGHTS
from hansa_demo.tour import tour

pytestmark = pytest.mark.xdist_group("flights league")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("airports")
    make_league(directory, FLIGHTS, say=lambda _: None)
    assert league_in(directory) is FLIGHTS
    return directory


@pytest.fixture(scope="module")
def airports(home: Path) -> Iterator[hansa.League]:
    with running_league(home), hansa.connect(home / "profile.toml") as league:
        yield league


def test_every_departure_of_the_year_is_answered_for(airports: hansa.League) -> None:
    answer = airports.sql(
        "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE cancelled) AS cancelled, SUM(departure_delay) AS minutes"
        " FROM mobility.departures"
    )
    assert answer.to_arrow().to_pylist() == [{"n": 336_776, "cancelled": 8_255, "minutes": 4_152_200}]
    weather = airports.sql("SELECT city, COUNT(*) AS n FROM climate.weather_hourly GROUP BY city ORDER BY city")
    assert weather.to_arrow().to_pydict() == {"city": sorted(FLIGHTS.cities), "n": [8_706, 8_706, 8_703]}


def test_an_aircraft_of_two_airports_is_not_deduplicated_and_the_answer_says_so(airports: hansa.League) -> None:
    answer = airports.sql("SELECT COUNT(DISTINCT aircraft) AS n FROM mobility.departures WHERE aircraft_assigned")
    assert answer.to_arrow().to_pydict() == {"n": [7_941]}
    assert any("COUNT(DISTINCT aircraft) adds the cities up" in note for note in answer.notes)


def test_the_tour_gets_an_answer_at_every_stop_and_finds_its_receipts_in_the_log(
    airports: hansa.League, home: Path
) -> None:
    told = io.StringIO()
    console = Console(file=told, width=120)
    answers = tour(airports, FLIGHTS.tour, console)
    assert told.getvalue().count("3 of 3 cities answered at level open") == len(FLIGHTS.tour) == len(answers)
    show_evidence(home, FLIGHTS, answers, console)
    assert "Everything holds." in told.getvalue()
    assert f"{len(answers)} receipts" in told.getvalue()
