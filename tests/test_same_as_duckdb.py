"""From the SQL text down, an answer over several cities is what plain DuckDB says about the same rows in one table."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.answering.outer import OuterEngine
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import row_values
from hansa_core.contract.types import INT64_MAX, INT64_MIN, Value
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.partial.partial import ARROW_TYPES, read_partial, write_partial
from hansa_core.plan.check import check_plan
from hansa_core.plan.plan import Plan
from hansa_core.sql.split import parse_statement
from hansa_datasets import write_dataset
from hansa_generated_sql import statements
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIP_TYPES, TRIPS, stored_rows

Row = Mapping[str, Value | None]
Cities = Sequence[Sequence[Row]]

BLANK: Row = dict.fromkeys(TRIPS.columns) | {"rider": "r", "zone": 1, "mode": "bus"}
NASTY: Sequence[Row] = [
    BLANK,
    {**BLANK, "day": date(1, 1, 1), "started": datetime(1, 1, 1), "odometer": INT64_MIN, "remark": ""},
    {**BLANK, "day": date(9999, 12, 31), "started": datetime.max, "odometer": INT64_MAX, "remark": "\U0010fffd%_\\"},
    {**BLANK, "day": date(2024, 2, 29), "started": datetime(2024, 3, 31, 1, 30), "remark": "İıß\u0301 \u00a0"},
    {**BLANK, "day": date(2024, 12, 30), "started": datetime(2024, 10, 27, 2, 30), "remark": "a\nb", "fare": -1},
    *(
        {**BLANK, "day": moment.date(), "started": moment, "remark": "\U0001f6b2\u4e2d\U000e0001"}
        for moment in (  # an hour that is skipped or comes twice in Berlin, and in New York
            *(datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 0, 59, 59, 999_999), datetime(2024, 10, 27, 1)),
            *(datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30), datetime(2024, 11, 3, 6)),
        )
    ),
    {**BLANK, "day": date(2021, 1, 3), "stops": -7, "fare": 10, "distance": 5, "duration": 3, "line": "line 1"},
]


def answer(sql: str, cities: Cities, compute: Callable[[Sequence[Row], Plan], pa.Table]) -> pa.Table:
    """What an analyst gets: read, checked, computed city by city, merged, shaped."""
    statement = parse_statement(sql, {TRIPS.id: TRIPS}, ["a", "b"])
    plan = statement.plan
    check_plan(plan, TRIPS, Level.OPEN)
    outcomes = {}
    for name, rows in zip("abcdefg", cities, strict=False):
        partial = stack(plan, TRIPS, [compute(rows, part) for part in plain_plans(plan)])
        table = read_partial(write_partial(partial), plan, TRIPS)
        outcomes[name] = CityAnswer(city=name, level=Level.OPEN, table=table)
    merged = merge(plan, TRIPS, outcomes, by_city=False, partial=False)
    with OuterEngine() as outer:
        shown, _ = outer.run(statement.outer, merged.to_arrow())
    return shown


def by_reference(rows: Sequence[Row], plan: Plan) -> pa.Table:
    return ReferenceEngine(TRIPS, rows).aggregate(plan, max_cells=10_000)


def by_duckdb(rows: Sequence[Row], plan: Plan) -> pa.Table:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "v000001.duckdb")
        write_dataset(path, TRIPS, rows)
        with open_locked(path, threads=1) as connection:
            return DuckDBEngine(TRIPS, connection, path).aggregate(plan, max_cells=10_000)


def plain(sql: str, cities: Cities) -> pa.Table:
    """What DuckDB says about the pooled rows as values; a division by zero is NULL, as everywhere in the language."""
    rows = [row_values(TRIPS, row) for city in cities for row in city]
    schema = pa.schema([pa.field(name, ARROW_TYPES[kind]) for name, kind in TRIP_TYPES.items()])
    with duckdb.connect(":memory:") as connection:
        connection.register("given", pa.Table.from_pylist(rows, schema=schema))
        connection.execute("SET error_on_division_by_zero = false; CREATE SCHEMA demo")
        connection.execute("CREATE TABLE demo.trips AS FROM given")
        return connection.sql(sql).to_arrow_table()


def normal(value: Any) -> Any:
    """One value of both sides: numbers by size alone, a date at midnight of its timestamp."""
    match value:
        case bool():
            return value
        case float() if not math.isfinite(value):
            return None
        case Decimal():
            return int(value)
        case float():
            return value + 0.0
        case datetime():
            return value
        case date():
            return datetime(value.year, value.month, value.day)
    return value


def close(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    return bool(one == other)


def assert_same(sql: str, ours: pa.Table, theirs: pa.Table) -> None:
    assert ours.column_names == theirs.column_names
    keys = [name for name in ours.column_names if name.startswith("k")]
    found, wanted = (
        [{name: normal(row[name]) for name in row} for row in table.to_pylist()] for table in (ours, theirs)
    )

    def place(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(repr(row[key]) for key in keys)

    assert Counter(map(place, found)) == Counter(map(place, wanted)), sql
    if len(set(map(place, found))) < len(found):
        return  # a total looks like a key that is NULL: the rows cannot be told apart
    others = {place(row): row for row in wanted}
    for row in found:
        for name, value in row.items():
            assert close(value, others[place(row)][name]), (sql, name, row, others[place(row)])


ROWS = st.one_of(stored_rows(), st.sampled_from(NASTY))
FEDERATIONS = st.one_of(
    st.lists(st.lists(ROWS, max_size=10), min_size=1, max_size=3),
    st.just([list(NASTY), []]),
    st.just([[BLANK, BLANK], [BLANK]]),
)


@settings(max_examples=25)
@given(sql=statements(), cities=FEDERATIONS)
def test_a_generated_statement_is_answered_as_plain_duckdb_answers_it(sql: str, cities: Cities) -> None:
    theirs = plain(sql, cities)
    assert_same(sql, answer(sql, cities, by_reference), theirs)
    assert_same(sql, answer(sql, cities, by_duckdb), theirs)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT lower(mode) AS k0, COUNT(*) AS a0 FROM demo.trips WHERE remark LIKE '%\\_%' ESCAPE '\\' GROUP BY 1",
        "SELECT extract(week FROM day) AS k0, isoyear(day) AS k1, COUNT(*) AS a0 FROM demo.trips GROUP BY ALL",
        "SELECT date_trunc('hour', started) AS k0, MIN(started) AS a0 FROM demo.trips GROUP BY 1",
        "SELECT left(remark, 1) AS k0, length(remark) AS k1, COUNT(*) AS a0 FROM demo.trips GROUP BY 1, 2",
        "SELECT DISTINCT extract(dow FROM day) AS k0 FROM demo.trips WHERE day IS NOT NULL",
        "SELECT SUM(datediff('day', day, DATE '2000-01-01')) AS a0, MIN(day - DATE '2000-01-01') AS a1 FROM demo.trips",
        "SELECT mode = 'bus' AS k0, COUNT(*) AS a0 FROM demo.trips GROUP BY ROLLUP (mode = 'bus')",
        "SELECT COUNT_IF(paid IS NOT TRUE) AS a0, BOOL_AND(fare IS NOT DISTINCT FROM NULL) AS a1 FROM demo.trips",
        "SELECT strftime(started, '%A %H') AS k0, COUNT(DISTINCT remark) AS a0 FROM demo.trips GROUP BY 1",
        "SELECT COUNT(DISTINCT odometer) AS a0, MIN(mode) AS a1, MAX(remark) AS a2 FROM demo.trips",
        "SELECT date_trunc('hour', started) AS k0, epoch(started) AS k1 FROM demo.trips GROUP BY ROLLUP (1, 2)",
        "SELECT greatest(stops, zone, NULL) AS k0, SUM(least(fare, 1.5)) AS a0 FROM demo.trips GROUP BY 1",
    ],
)
def test_a_statement_over_nasty_rows_is_answered_as_plain_duckdb_answers_it(sql: str) -> None:
    cities: Cities = [NASTY[:3], [], NASTY[3:]]
    theirs = plain(sql, cities)
    assert theirs.num_rows
    assert_same(sql, answer(sql, cities, by_reference), theirs)
    assert_same(sql, answer(sql, cities, by_duckdb), theirs)
