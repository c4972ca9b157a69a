"""Synthetic trips are the same for everyone, fit their contract, and say everywhere that they are synthetic."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from hansa_demo.leagues.synthetic import synthetic
from hansa_demo.trips import CITIES, rows_of, write_trips
from hansa_mapped_cities import MappedCities, contracts_of

ROWS = 3_001


def digest(path: Path) -> str:
    """Of all values in order, as text: Parquet's own bytes may differ between versions."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute("SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_the_same_number_of_trips_gives_the_same_rows_everywhere(tmp_path: Path) -> None:
    found = [digest(write_trips(city, tmp_path, rows=ROWS))[:16] for city in CITIES]
    assert found == ["e04c02507e7422a6", "9d17985bf4fc100a", "c865abeeb861469a"]


def test_every_trip_is_in_one_city(tmp_path: Path) -> None:
    for rows in (1_000, ROWS, 999_999):
        assert sum(rows_of(city, rows) for city in CITIES) == rows
    riders = [
        set(pq.read_table(write_trips(city, tmp_path, rows=ROWS), columns=["rider"])["rider"].to_pylist())
        for city in CITIES
    ]
    assert not riders[0] & riders[1]
    assert not riders[0] & riders[2]
    assert not riders[1] & riders[2]


def test_trips_fit_their_contract_and_answer_questions(tmp_path: Path) -> None:
    cities = MappedCities(synthetic(ROWS), tmp_path)
    for report in cities.reports.values():
        assert report.rows_read == report.rows_kept
        assert not any(column.clipped for column in report.columns)
    (row,) = cities.ask(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT person) AS riders, COUNT(price) AS paid,"
        " COUNT(*) FILTER (WHERE NOT subscriber) AS due FROM mobility.trips"
    )
    assert row["n"] == ROWS
    assert row["paid"] == row["due"]
    assert 50 < row["riders"] < ROWS / 10
    winter = cities.ask(
        "SELECT city, COUNT(*) FILTER (WHERE extract(hour FROM started_local) = extract(hour FROM started_at)) AS same"
        " FROM mobility.trips WHERE started_at < DATE '2024-03-01' GROUP BY city"
    )
    assert {row["city"]: row["same"] > 0 for row in winter} == {
        "synthetic-harbour": True,  # Lisbon keeps UTC in winter, the other two do not
        "synthetic-hills": False,
        "synthetic-plain": False,
    }


def test_whatever_shows_of_a_synthetic_league_says_so() -> None:
    league = synthetic(ROWS)
    (contract,) = contracts_of(league).values()
    shown = [
        league.name,
        league.roster_name,
        *league.cities,
        contract.title,
        contract.columns[contract.unit].meaning,
        league.about()[0],
        *(league.manifest(contract.id, city).splitlines()[0] for city in league.cities),
        *(text for stop in league.tour for text in (stop.title, stop.remark)),
    ]
    assert [text for text in shown if "synthetic" not in text.lower()] == []


@pytest.mark.parametrize("rows", [0, 999, 100_000_001])
def test_a_number_of_trips_that_makes_no_sense_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match=r"--synthetic is .*; give 1,000 to 100,000,000 trips"):
        synthetic(rows)
