"""Shared-mobility trips of nobody: any number of them, the same for everyone who asks for as many.

Each trip's chances are the bits of MD5 over its city and number, and everything follows from them in whole numbers: so
neither threads, platform nor library version change a row.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

CITIES = ("synthetic-harbour", "synthetic-hills", "synthetic-plain")
LEAST_ROWS = 1_000
MOST_ROWS = 100_000_000

_TENTHS = (5, 3)  # what the first two cities have of all trips; the third has the rest
_TRIPS_PER_RIDER = 25
_TRIPS_PER_VEHICLE = 200

# When commuters ride, in UTC: two peaks a day. Each city's manifest says its own zone.
_HOURS = [
    6,
    7,
    7,
    8,
    8,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    15,
    16,
    16,
    16,
    17,
    17,
    17,
    18,
    18,
    19,
    20,
    21,
    22,
    23,
    0,
    1,
    3,
    5,
    6,
]

# A chance is 0 to 65,535: 16 of the digest's 128 bits. The product of two is skewed, as riders and lengths are.
_TRIPS = """
WITH digested AS (
    SELECT number, md5_number_upper($city || ' ' || number) AS high, md5_number_lower($city || ' ' || number) AS low
    FROM range($rows) AS trip(number)
), chances AS (
    SELECT number,
        CAST(high >> 48 AS BIGINT) AS day, CAST((high >> 32) & 65535 AS BIGINT) AS hour,
        CAST((high >> 16) & 65535 AS BIGINT) AS second, CAST(high & 65535 AS BIGINT) AS kind,
        CAST(low >> 48 AS BIGINT) AS keen, CAST((low >> 32) & 65535 AS BIGINT) AS rider,
        CAST((low >> 16) & 65535 AS BIGINT) AS short, CAST(low & 65535 AS BIGINT) AS pace
    FROM digested
), ridden AS (
    SELECT *, (keen * rider * $riders) >> 32 AS person, 90 + ((short * pace * 5400) >> 32) AS seconds FROM chances
)
SELECT printf('%s-%09d', $city, number) AS trip,
    printf('%s-rider-%07d', $city, person) AS rider,
    printf('%s-vehicle-%06d', $city, (number * 7919 + person) % $vehicles) AS vehicle,
    ['bicycle', 'bicycle', 'bicycle', 'electric-bicycle', 'electric-bicycle', 'kick-scooter', 'moped',
        'cargo-bicycle'][1 + kind % 8] AS vehicle_type,
    TIMESTAMP '2024-01-01 00:00:00' + to_days(CAST(day * 366 // 65536 AS INTEGER))
        + to_hours(CAST($hours[1 + hour % 32] AS BIGINT)) + to_seconds(second * 3600 // 65536) AS unlocked_at,
    seconds,
    seconds * (2 + pace % 5) AS metres,
    printf('zone-%02d', 1 + (person * 5 + hour) % 12) AS zone,
    person % 5 < 2 AS subscriber,
    CASE WHEN person % 5 >= 2 THEN CAST(0.01 * (100 + 19 * ((seconds + 59) // 60)) AS DECIMAL(9, 2)) END AS euros
FROM ridden
"""


def rows_of(city: str, rows: int) -> int:
    """How many of `rows` trips the city has. Raises KeyError for a city that is none of the three."""
    first, second = (rows * tenths // 10 for tenths in _TENTHS)
    return dict(zip(CITIES, (first, second, rows - first - second), strict=True))[city]


def write_trips(city: str, folder: Path, *, rows: int) -> Path:
    """Write the city's part of `rows` trips in all as Parquet into `folder`; the path of the file."""
    own = rows_of(city, rows)
    values = {
        "city": city,
        "rows": own,
        "riders": max(1, own // _TRIPS_PER_RIDER),
        "vehicles": max(1, own // _TRIPS_PER_VEHICLE),
        "hours": _HOURS,
    }
    path = folder / "synthetic_trips.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # two cities are made at once
        connection.sql(_TRIPS, params=values).write_parquet(str(path))
    return path
