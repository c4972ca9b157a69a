"""Generated statements around questions give what plain DuckDB says of the same rows in one table with `city`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.answering.outer import OuterEngine
from hansa.answering.statement_cells import StatementCells
from hansa.question.parameters import read_parameters
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import row_values
from hansa_core.contract.types import INT64_MAX, INT64_MIN, Value
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.plan.check import check_plan
from hansa_core.sql.split import parse_statement
from hansa_generated_outer import CITIES, Asked, asked
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIP_TYPES, TRIPS, stored_rows

Row = Mapping[str, Value | None]
Cities = Mapping[str, Sequence[Row]]
PEOPLE = pa.table(
    {
        "city": ["aachen", "bonn", "celle", "essen", None],
        "people": [250, 330, 70, 580, 1],
        "side": ["west", "west", None, "west", "\U0001f6b2"],
    }
)
BLANK: Row = dict.fromkeys(TRIPS.columns) | {"rider": "r", "zone": 1, "mode": "bus"}
NASTY: Sequence[Row] = [
    {**BLANK, "day": date(1, 1, 1), "started": datetime(1, 1, 1), "odometer": INT64_MIN, "remark": ""},
    {**BLANK, "day": date(9999, 12, 31), "started": datetime.max, "odometer": INT64_MAX, "remark": "\U0010fffd%_\\"},
    {**BLANK, "day": date(2024, 3, 31), "started": datetime(2024, 3, 31, 1, 30), "remark": "İıß\u0301 \u00a0"},
    {**BLANK, "day": date(2024, 10, 27), "started": datetime(2024, 10, 27, 2, 30), "remark": "\U000e0001\ue000\ufdd0"},
    {**BLANK, "day": date(2024, 11, 3), "started": datetime(2024, 11, 3, 1, 30), "remark": "it's\na\tb\r\0"},
]
FEDERATIONS = st.tuples(
    *[
        st.one_of(
            st.lists(st.one_of(stored_rows(), st.sampled_from(NASTY)), max_size=8),
            st.sampled_from([[], [BLANK, BLANK], list(NASTY)]),
        )
    ]
    * len(CITIES)
).map(lambda rows: dict(zip(CITIES, rows, strict=True)))


@pytest.fixture(scope="module")
def engine() -> Iterator[OuterEngine]:
    with OuterEngine() as outer:
        yield outer


def answer(one: Asked, cities: Cities, engine: OuterEngine) -> pa.Table:
    """What an analyst gets: read, checked, computed city by city, merged by question and label, shaped."""
    own = {"people": PEOPLE}
    parameters = read_parameters(one.params)
    statement = parse_statement(one.sql, {TRIPS.id: TRIPS}, CITIES, {"people": PEOPLE.column_names}, parameters)
    cells = StatementCells()
    for question in statement.questions:
        check_plan(question.plan, TRIPS, Level.OPEN)
        outcomes = {}
        for city in question.cities or CITIES:
            computed = ReferenceEngine(TRIPS, cities[city])
            parts = [computed.aggregate(part, max_cells=10_000) for part in plain_plans(question.plan)]
            outcomes[city] = CityAnswer(city=city, level=Level.OPEN, table=stack(question.plan, TRIPS, parts))
        cells.add(question, TRIPS, outcomes, partial=False)
    first, *others = cells.tables
    return engine.run(statement.outer, first, others=others, tables=own)[0]


def plain(one: Asked, cities: Cities) -> pa.Table:
    """What DuckDB says about the pooled rows; NULLs sort last and a division by zero is NULL, as in the language."""
    rows = [{"city": city, **row_values(TRIPS, row)} for city in CITIES for row in cities[city]]
    kinds = {"city": pa.string()} | {name: ARROW_TYPES[kind] for name, kind in TRIP_TYPES.items()}
    with duckdb.connect(":memory:", config={"default_null_order": "nulls_last"}) as connection:
        connection.register("given", pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items()))))
        connection.register("people", PEOPLE)
        connection.execute("SET error_on_division_by_zero = false; CREATE SCHEMA demo")
        connection.execute("CREATE TABLE demo.trips AS FROM given")
        return connection.sql(one.sql, params=one.params or None).to_arrow_table()


def normal(value: Any) -> Any:
    """One value of both sides: numbers by size alone, a date as the midnight that begins it."""
    match value:
        case None | bool() | str() | datetime():
            return value
        case date():
            return datetime(value.year, value.month, value.day)
        case int() | Decimal():
            return int(value) if value == int(value) else float(value)
        case float():
            return int(value) if math.isfinite(value) and value.is_integer() else value
    raise AssertionError(f"{value!r} is of no type that a statement gives")


def place(row: Sequence[Any]) -> tuple[str, ...]:
    """Sorts rows that are close beside each other: a computed number by its first digits."""
    return tuple(f"{one:.5e}" if isinstance(one, float) else repr(one) for one in row)


def is_close(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, int | float):
        return bool(one == other) and type(one) is type(other)
    return isinstance(other, int | float) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


@settings(max_examples=40)
@given(one=asked(), cities=FEDERATIONS)
def test_a_generated_statement_is_answered_as_plain_duckdb_answers_it(
    one: Asked, cities: Cities, engine: OuterEngine
) -> None:
    ours, theirs = answer(one, cities, engine), plain(one, cities)
    assert ours.column_names == theirs.column_names
    found, wanted = (
        sorted((tuple(map(normal, row.values())) for row in table.to_pylist()), key=place) for table in (ours, theirs)
    )
    assert len(found) == len(wanted)
    for mine, other in zip(found, wanted, strict=True):
        assert all(map(is_close, mine, other)), (mine, other)
