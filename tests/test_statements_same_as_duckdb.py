"""City sets, set operations, subqueries, joins and windows give what plain DuckDB says where `city` is a column."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from hansa.answering.outer import OuterEngine
from hansa.answering.plain_sql import formulas, plain_select
from hansa.answering.statement_cells import StatementCells
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import row_values
from hansa_core.contract.types import Value
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.plan.check import check_plan
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement, released_table
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIP_TYPES, TRIPS

Row = Mapping[str, Value | None]
CITIES = ("aachen", "bonn", "celle", "dessau")
PEOPLE = pa.table(
    {
        "city": ["aachen", "bonn", "celle", "essen"],
        "people": [250, 330, 70, 580],
        "side": ["west", "west", "north", "west"],
    }
)
_MODES = ("tram", "bus", "bike")


def _rows(city: str) -> list[Row]:
    dice = random.Random(city)
    blank: dict[str, Value | None] = dict.fromkeys(TRIPS.columns)
    return [
        blank
        | {
            "rider": f"{city} {number}",
            "zone": dice.randint(1, 4),
            "mode": dice.choice(_MODES[: 2 if city == "dessau" else 3]),
            "fare": dice.choice([None, dice.randint(0, 400)]),
            "stops": dice.choice([None, dice.randint(0, 30)]),
            "day": date(2024, dice.randint(1, 12), dice.randint(1, 28)),
            "started": datetime(2024, dice.randint(1, 12), 1, dice.randint(0, 23)),
        }
        for number in range(dice.randint(20, 60))
    ]


ROWS = {city: _rows(city) for city in CITIES}

STATEMENTS = [
    # cities as sets
    "SELECT COUNT(*) AS n FROM demo.trips WHERE city <> 'bonn'",
    "SELECT COUNT(*) AS n, SUM(fare) AS s FROM demo.trips WHERE city NOT IN ('bonn', 'celle') AND mode = 'bus'",
    "SELECT COUNT(*) AS n FROM demo.trips WHERE city LIKE '%e%' AND NOT city = 'celle'",
    "SELECT COUNT(*) AS n FROM demo.trips WHERE (city = 'bonn' OR city > 'c') AND city IS NOT NULL AND zone < 3",
    "SELECT city, COUNT(*) AS n FROM demo.trips WHERE length(city) = 6 GROUP BY city",
    "SELECT CASE WHEN city IN ('aachen', 'bonn') THEN 'west' ELSE 'rest' END AS part, COUNT(*) AS n, AVG(fare) AS m "
    "FROM demo.trips GROUP BY part",
    "SELECT CASE city WHEN 'aachen' THEN 1 WHEN 'bonn' THEN 1 END AS part, mode, SUM(stops) AS s, MAX(fare) AS top "
    "FROM demo.trips GROUP BY 1, 2",
    "SELECT upper(left(city, 1)) AS letter, COUNT(fare) AS n FROM demo.trips GROUP BY ALL HAVING COUNT(*) > 30",
    "SELECT city = 'bonn' AS is_bonn, VAR_SAMP(fare) AS v FROM demo.trips GROUP BY city = 'bonn'",
    "SELECT city, COUNT(*) AS n, GROUPING(city) AS g FROM demo.trips GROUP BY ROLLUP (city)",
    "SELECT city, mode, COUNT(*) AS n, SUM(fare) AS s, GROUPING(city, mode) AS g FROM demo.trips "
    "GROUP BY ROLLUP (city, mode)",
    "SELECT mode, city, COUNT(*) AS n FROM demo.trips GROUP BY CUBE (mode, city)",
    "SELECT city, mode, COUNT(*) AS n FROM demo.trips GROUP BY GROUPING SETS ((city, mode), (mode), (city), ())",
    "SELECT city, mode, COUNT(*) AS n FROM demo.trips GROUP BY city, ROLLUP (mode)",
    "SELECT mode, COUNT(*) AS n FROM demo.trips GROUP BY GROUPING SETS ((mode), (mode), ())",
    "SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY GROUPING SETS ((city), (city))",
    "SELECT city <> 'bonn' AS others, city, COUNT(*) AS n FROM demo.trips GROUP BY 1, city",
    "SELECT DISTINCT city FROM demo.trips WHERE city < 'c'",
    "SELECT DISTINCT city IN ('bonn', 'celle') AS chosen, mode FROM demo.trips",
    "SELECT COUNT(*) FILTER (WHERE city = 'bonn') AS bonn, COUNT(*) FILTER (WHERE city <> 'bonn') AS others, "
    "COUNT(*) AS n, SUM(fare) FILTER (WHERE city IN ('aachen', 'celle') AND mode = 'bus') AS s FROM demo.trips",
    "SELECT mode, COUNT(*) FILTER (WHERE city = 'dessau') AS d, AVG(fare) FILTER (WHERE city LIKE 'a%') AS a, "
    "COUNT(*) AS n FROM demo.trips GROUP BY mode",
    "SELECT city, COUNT(*) FILTER (WHERE city = 'bonn') AS b, SUM(stops) FILTER (WHERE city = 'bonn') AS s "
    "FROM demo.trips GROUP BY city",
    "SELECT city > 'b' AS late, COUNT(*) FILTER (WHERE city = 'bonn') AS b FROM demo.trips GROUP BY 1",
    "SELECT city, mode, COUNT(*) FILTER (WHERE city <> 'celle') AS n FROM demo.trips GROUP BY ROLLUP (mode, city)",
    "SELECT city < 'c' AS early, COUNT(DISTINCT mode) AS d, MIN(mode) AS first FROM demo.trips GROUP BY 1",
    "SELECT city, COUNT(DISTINCT mode) AS d FROM demo.trips GROUP BY ROLLUP (city)",
    "SELECT city, zone, COUNT(DISTINCT mode) AS d FROM demo.trips GROUP BY CUBE (city, zone)",
    "SELECT COUNT(DISTINCT mode) FILTER (WHERE city = 'dessau') AS d, COUNT(DISTINCT mode) AS n FROM demo.trips",
    # several questions
    "SELECT 'bonn' AS c, COUNT(DISTINCT mode) AS d FROM demo.trips WHERE city = 'bonn' UNION ALL "
    "SELECT 'dessau', COUNT(DISTINCT mode) FROM demo.trips WHERE city = 'dessau'",
    "SELECT mode, COUNT(*) * 1.0 / (SELECT COUNT(*) FROM demo.trips) AS share FROM demo.trips GROUP BY mode",
    "SELECT city, AVG(fare) - (SELECT AVG(fare) FROM demo.trips) AS above FROM demo.trips GROUP BY city",
    "SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city UNION ALL SELECT 'all', COUNT(*) FROM demo.trips",
    "SELECT 'bus' AS what, COUNT(*) AS n FROM demo.trips WHERE mode = 'bus' UNION "
    "SELECT 'zone 1', COUNT(*) FROM demo.trips WHERE zone = 1 UNION ALL SELECT 'bonn', COUNT(*) FROM demo.trips "
    "WHERE city = 'bonn' ORDER BY n DESC, what LIMIT 2",
    "WITH a AS (SELECT mode, COUNT(*) AS n FROM demo.trips WHERE city = 'bonn' GROUP BY mode), "
    "b AS (SELECT mode, COUNT(*) AS n FROM demo.trips WHERE city = 'dessau' GROUP BY mode) "
    "SELECT mode, a.n AS bonn, b.n AS dessau FROM a FULL JOIN b USING (mode)",
    "WITH a AS (SELECT zone, AVG(fare) AS fare FROM demo.trips GROUP BY zone), "
    "b AS (SELECT zone, COUNT(*) AS n FROM demo.trips WHERE fare > 100 GROUP BY zone) "
    "SELECT a.zone, fare, n FROM a LEFT JOIN b ON a.zone = b.zone",
    "SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city HAVING COUNT(*) > (SELECT COUNT(*) / 4 FROM demo.trips)",
    "SELECT mode, COUNT(*) AS n FROM demo.trips GROUP BY mode HAVING mode IN "
    "(SELECT mode FROM demo.trips WHERE city = 'dessau' GROUP BY mode)",
    # set operations
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city FROM q EXCEPT SELECT city FROM people ORDER BY city",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city FROM people INTERSECT SELECT city FROM q",
    "WITH q AS (SELECT city, mode, COUNT(*) AS n FROM demo.trips GROUP BY city, mode) "
    "SELECT mode FROM q WHERE city = 'bonn' UNION SELECT mode FROM q WHERE city = 'dessau'",
    "(SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city ORDER BY n DESC, city LIMIT 2) UNION ALL "
    "(SELECT side, SUM(people) FROM people GROUP BY side)",
    "SELECT x, SUM(n) AS n FROM (SELECT mode AS x, COUNT(*) AS n FROM demo.trips GROUP BY 1 UNION ALL "
    "SELECT side, people FROM people) AS u GROUP BY x",
    # subqueries over the answer and over own tables
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city, n FROM q WHERE n >= (SELECT AVG(n) FROM q)",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city, n FROM q WHERE city NOT IN (SELECT city FROM people WHERE side = 'west')",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city, city IN (SELECT city FROM people) AS known, (SELECT MAX(people) FROM people) AS most FROM q "
    "WHERE EXISTS (SELECT 1 FROM people WHERE people > 500)",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT SUM(n) AS n, (SELECT COUNT(*) FROM people) AS c, SUM(n * (SELECT MIN(people) FROM people)) AS w FROM q",
    "SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city HAVING city = ANY(SELECT city FROM people)",
    "SELECT mode, COUNT(*) AS n, NULL IN (SELECT people FROM people) AS u, 7 NOT IN (SELECT NULL FROM people) AS v "
    "FROM demo.trips GROUP BY mode",
    # joins
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT * FROM q FULL JOIN people USING (city)",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT city, n, people FROM q RIGHT JOIN people USING (city)",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) "
    "SELECT q.city AS mine, p.city AS theirs, n FROM q FULL OUTER JOIN people AS p ON q.city = p.city",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city), "
    "r AS (SELECT city, SUM(stops) AS s FROM demo.trips WHERE city <> 'aachen' GROUP BY city) "
    "SELECT city, n, s, people FROM q FULL JOIN r USING (city) FULL JOIN people USING (city)",
    *(
        f"SELECT * FROM (SELECT COUNT(*) AS n, city FROM demo.trips GROUP BY city) AS q {kind} people USING (city)"
        for kind in ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
    ),
    "SELECT * FROM (SELECT COUNT(*) AS n, city FROM demo.trips GROUP BY city) AS q RIGHT JOIN people USING (city) "
    "LEFT JOIN (SELECT SUM(stops) AS s, city FROM demo.trips GROUP BY city) AS r USING (city)",
    "SELECT p.*, n FROM (SELECT COUNT(*) AS n, city FROM demo.trips GROUP BY city) AS q "
    "FULL JOIN people AS p USING (city)",
    # windows and the tail
    "SELECT city, mode, COUNT(*) AS n, RANK() OVER w AS r, NTILE(2) OVER (PARTITION BY mode ORDER BY city) AS half, "
    "PERCENT_RANK() OVER w AS p, CUME_DIST() OVER w AS c FROM demo.trips GROUP BY city, mode "
    "WINDOW w AS (PARTITION BY mode ORDER BY COUNT(*) DESC)",
    "SELECT city, COUNT(*) AS n, SUM(COUNT(*)) OVER (w ROWS UNBOUNDED PRECEDING) AS running, "
    "NTH_VALUE(COUNT(*), 2) OVER w AS second FROM demo.trips GROUP BY city WINDOW w AS (ORDER BY city)",
    "WITH q AS (SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city) SELECT city, n, n - LAG(n) OVER w AS more "
    "FROM q WINDOW v AS (PARTITION BY 1), w AS (ORDER BY city)",
    "SELECT city, COUNT(*) AS n, n * 2 AS twice, twice + 1 AS odd FROM demo.trips GROUP BY city",
    "SELECT city, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY n DESC, city) AS place FROM demo.trips GROUP BY city",
    "SELECT city, COUNT(*) AS n FROM demo.trips GROUP BY city ORDER BY n DESC, city FETCH FIRST 2 ROWS ONLY",
    'SELECT "city", COUNT(*) AS "FROM", SUM(fare) AS "mode" FROM "demo"."trips" AS "t" GROUP BY "t"."city"',
]


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    """The rows of all cities in one table, with `city` as a column."""
    rows = [{"city": city, **row_values(TRIPS, row)} for city in CITIES for row in ROWS[city]]
    kinds = {"city": pa.string()} | {name: ARROW_TYPES[kind] for name, kind in TRIP_TYPES.items()}
    with duckdb.connect(":memory:") as connection:
        connection.register("given", pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items()))))
        connection.register("people", PEOPLE)
        connection.execute("SET error_on_division_by_zero = false; CREATE SCHEMA demo")
        connection.execute("CREATE TABLE demo.trips AS FROM given")
        yield connection


@pytest.fixture(scope="module")
def engine() -> Iterator[OuterEngine]:
    with OuterEngine() as outer:
        yield outer


def released(sql: str) -> tuple[Statement, list[pa.Table]]:
    """The statement, and what its questions release: checked, computed city by city, merged by question and label."""
    statement = parse_statement(sql, {TRIPS.id: TRIPS}, CITIES, {"people": PEOPLE.column_names})
    cells = StatementCells()
    for question in statement.questions:
        check_plan(question.plan, TRIPS, Level.OPEN)
        outcomes = {}
        for city in question.cities or CITIES:
            rows = ReferenceEngine(TRIPS, ROWS[city])
            parts = [rows.aggregate(part, max_cells=10_000) for part in plain_plans(question.plan)]
            table = stack(question.plan, TRIPS, parts)
            outcomes[city] = CityAnswer(city=city, level=Level.OPEN, table=table)
        cells.add(question, TRIPS, outcomes, partial=False)
    return statement, cells.tables


def answer(sql: str, engine: OuterEngine) -> pa.Table:
    """What an analyst gets."""
    statement, (first, *others) = released(sql)
    return engine.run(statement.outer, first, others=others, tables={"people": PEOPLE})[0]


def normal(value: Any) -> Any:
    match value:
        case bool() | None:
            return value
        case float() | Decimal():
            return round(float(value), 9)
        case int():
            return float(value)
    return value


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(map(normal, row.values())) for row in table.to_pylist()]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_statement_says_what_plain_duckdb_says(
    sql: str, plain: duckdb.DuckDBPyConnection, engine: OuterEngine
) -> None:
    ours, theirs = answer(sql, engine), plain.sql(sql).to_arrow_table()
    assert ours.column_names == theirs.column_names
    assert Counter(rows_of(ours)) == Counter(rows_of(theirs))
    assert ours.num_rows
    if "ORDER BY n DESC, " in sql.rpartition(")")[2]:
        assert rows_of(ours) == rows_of(theirs)


@pytest.mark.parametrize(
    "sql", [sql for sql in STATEMENTS if "COUNT(DISTINCT" not in sql]
)  # told in words of their own
def test_the_sql_that_an_explanation_shows_gives_the_same_rows(sql: str, engine: OuterEngine) -> None:
    statement, tables = released(sql)
    shown = plain_select(statement.outer).sql("duckdb")
    with duckdb.connect(":memory:", config={"default_null_order": "nulls_last"}) as connection:
        connection.register("people", PEOPLE)
        for place, table in enumerate(tables):
            nothing = pa.array([0] * table.num_rows)
            whole = table.append_column("__row", nothing).append_column("__gaps", nothing)
            connection.register(released_table(place), whole)
        theirs = connection.sql(shown).to_arrow_table()
    ours = answer(sql, engine)
    assert Counter(rows_of(theirs)) == Counter(rows_of(ours))
    assert len(formulas(statement.outer)) in (0, ours.num_columns)
