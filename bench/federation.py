"""Cost of federation: the same new question asked of three cities, and of plain DuckDB over the pooled Parquet.

Real departures, and synthetic trips for load. Each pair runs back to back, so that what else the machine does falls on
both; no question repeats, since a city answers a repeated one from its store. Ratios only: nothing is asserted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

import hansa
import steps
from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType
from hansa_demo.demo_league import DemoLeague
from hansa_demo.league import make_league, node_home, running_league
from hansa_demo.leagues.flights import FLIGHTS
from hansa_demo.leagues.synthetic import synthetic
from hansa_node.datasets.versions import current_version, dataset_folder
from report import figure, heading, ratio

PAIRS = 15
_LIBRARIES = "import grpc, pyarrow, sqlglot"
WARM_UP = 3

# `{n}` is another number each time; it selects all rows but a few, so that every question costs the same.
DEPARTURES = {
    "a total": """
        SELECT COUNT(*) AS n, AVG(departure_delay) AS late FROM mobility.departures WHERE arrival_delay <> {n}""",
    "by city": """
        SELECT city, COUNT(*) AS n, SUM(distance) AS km, AVG(air_time) AS aloft
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY city ORDER BY city""",
    "two keys and a filter": """
        SELECT carrier, extract(hour FROM scheduled_local) AS hour, COUNT(*) AS n, AVG(departure_delay) AS late,
            COUNT(*) FILTER (WHERE departure_delay > 15) AS over_15
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY carrier, hour ORDER BY carrier, hour""",
    "a key of many values": """
        SELECT date_trunc('day', scheduled_local) AS day, COUNT(*) AS n, SUM(air_time) AS aloft
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY day ORDER BY day""",
    "distinct units": """
        SELECT city, carrier, COUNT(DISTINCT aircraft) AS n
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY city, carrier ORDER BY city, carrier""",
    "a spread": """
        SELECT carrier, STDDEV_SAMP(departure_delay) AS spread
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY carrier ORDER BY carrier""",
    # Plain DuckDB counts every delay by itself here.
    "a histogram": """
        SELECT carrier, HISTOGRAM(departure_delay) AS delays
        FROM mobility.departures WHERE arrival_delay <> {n} GROUP BY carrier ORDER BY carrier""",
}
TRIPS = {
    "a total": """
        SELECT COUNT(*) AS n, AVG(duration) AS seconds FROM mobility.trips WHERE duration <> {n}""",
    "by city": """
        SELECT city, COUNT(*) AS n, SUM(price) AS paid, AVG(distance) AS metres
        FROM mobility.trips WHERE duration <> {n} GROUP BY city ORDER BY city""",
    "two keys and a filter": """
        SELECT zone, vehicle_type, COUNT(*) AS n, AVG(duration) AS seconds,
            COUNT(*) FILTER (WHERE distance > 5000) AS far
        FROM mobility.trips WHERE duration <> {n} GROUP BY zone, vehicle_type ORDER BY zone, vehicle_type""",
    "a key of many values": """
        SELECT date_trunc('day', started_local) AS day, COUNT(*) AS n, SUM(distance) AS metres
        FROM mobility.trips WHERE duration <> {n} GROUP BY day ORDER BY day""",
    "distinct units": """
        SELECT city, vehicle_type, COUNT(DISTINCT person) AS n
        FROM mobility.trips WHERE duration <> {n} GROUP BY city, vehicle_type ORDER BY city, vehicle_type""",
    "a spread": """
        SELECT zone, STDDEV_SAMP(distance) AS spread
        FROM mobility.trips WHERE duration <> {n} GROUP BY zone ORDER BY zone""",
}


def measure(rows: int) -> None:
    """Print the sections. `rows`: how many synthetic trips."""
    _measure_league(FLIGHTS, DEPARTURES, "336,776 real departures")
    _measure_league(synthetic(rows), TRIPS, f"{rows:,} SYNTHETIC trips")
    heading(f"the SDK / {_LIBRARIES}, {PAIRS} pairs")
    for code in ("import hansa", "import hansa; hansa.connect"):  # the second loads what the first puts off
        ratio(code, _pairs(partial(_python, code), partial(_python, _LIBRARIES)))


def _measure_league(league: DemoLeague, questions: dict[str, str], what: str) -> None:
    heading(f"{what}: three cities / plain DuckDB on the pooled Parquet, {PAIRS} pairs of new questions")
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
        directory = Path(temporary)
        make_league(directory, league, say=lambda _: None)
        with (
            running_league(directory),
            hansa.connect(directory / "profile.toml") as cities,
            _pooled(directory, league, cities) as pool,
        ):
            for name, question in questions.items():
                pairs = _question_pairs(question, cities, pool)
                ratio(name, pairs)
                figure("  federated minus plain", 1000 * median(ours - plain for ours, plain in pairs), "ms")
        total = questions["a total"]
        steps.measure(directory, league.cities[0], (total.format(n=n) for n in count(1_000_000)), "a total")


def _question_pairs(question: str, cities: hansa.League, pool: duckdb.DuckDBPyConnection) -> list[tuple[float, float]]:
    federated, plain = (map(str, count(100_000)) for _ in range(2))  # beyond every value: no row is left out
    return _pairs(
        lambda: cities.sql(question.format(n=next(federated))).to_arrow(),
        lambda: pool.sql(question.format(n=next(plain))).to_arrow_table(),
    )


def _pairs(ours: Callable[[], object], reference: Callable[[], object]) -> list[tuple[float, float]]:
    """Seconds of each, run in turn; the first pairs are not counted."""
    return [(_seconds(ours), _seconds(reference)) for _ in range(WARM_UP + PAIRS)][WARM_UP:]


def _seconds(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@contextmanager
def _pooled(directory: Path, league: DemoLeague, cities: hansa.League) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in which the first contract's name is a view over one Parquet file of all cities' rows."""
    contract = cities.contracts[league.contracts[0]]
    parquet = directory / "pooled.parquet"
    with duckdb.connect() as writer:
        writer.execute("SET enable_progress_bar = false")
        parts = []
        for number, city in enumerate(league.cities):
            version = current_version(dataset_folder(node_home(directory, city) / "data", contract.id))
            assert version is not None
            writer.execute(f"ATTACH '{version.path}' AS city{number} (READ_ONLY)")
            parts.append(f"SELECT '{city}' AS city, {_columns(contract)} FROM city{number}.main.rows")
        writer.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{parquet}' (FORMAT parquet)")
    topic, _, dataset = contract.id.name.partition(".")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"CREATE SCHEMA {topic}")
        connection.execute(f"CREATE VIEW {topic}.{dataset} AS SELECT * FROM read_parquet('{parquet}')")
        yield connection


def _columns(contract: Contract) -> str:
    """The contract's columns in their own units, as an analyst would find them in a Parquet file."""
    return ", ".join(_column(column) for column in contract.columns.values())


def _column(column: ContractColumn) -> str:
    if column.type is not DataType.NUMBER or column.quantum is None:
        return column.name
    return f"CAST({column.name} * {column.quantum.numerator} AS DOUBLE) / {column.quantum.denominator} AS {column.name}"
