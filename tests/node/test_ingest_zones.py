"""A city's clock in DuckDB is the clock of Python's `zoneinfo`, quarter of an hour by quarter of an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from sqlglot import exp

from hansa_node.ingest.zones import clock_sql, utc_sql

START = datetime(2013, 1, 1)
QUARTERS = 366 * 96


def expected_utc(clock: datetime, zone: ZoneInfo) -> datetime | None:
    """The earlier instant at which the clock shows it; None if it never does."""
    utc = clock.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return utc.replace(tzinfo=None) if utc.astimezone(zone).replace(tzinfo=None) == clock else None


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_a_year_of_quarter_hours_agrees_with_zoneinfo(name: str) -> None:
    zone = ZoneInfo(name)
    moment = exp.column("moment")
    question = exp.select("moment", utc_sql(moment, name), clock_sql(moment.copy(), name)).from_("year")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TABLE year AS SELECT $1::TIMESTAMP + to_minutes(15 * n) AS moment FROM range($2) AS quarter(n)",
            [START, QUARTERS],
        )
        rows = connection.execute(question.sql(dialect="duckdb")).fetchall()
    assert len(rows) == QUARTERS
    for found, utc, clock in rows:
        assert utc == expected_utc(found, zone)
        assert clock == found.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    assert rows[-1][0] == START + timedelta(minutes=15 * (QUARTERS - 1))
