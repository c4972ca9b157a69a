"""A quotient of integers is the nearest double, rounded once: in DuckDB's SQL as in Python."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st
from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.expression import Call, Literal, Op
from hansa_core.sql.split import parse_statement
from hansa_node.engines.duckdb.dialect import DuckDBDialect
from hansa_node.engines.duckdb.quotients import quotient
from hansa_node.engines.sql.dialect import Binder
from hansa_strategies import TRIP_TYPES, TRIPS

_SQL = quotient(Binder(DuckDBDialect()), exp.column("a"), exp.column("b")).sql("duckdb")
_EDGES = (0, 1, -1, 3, 10**6, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, INT64_MAX, INT64_MIN)
_OF_ANY_SIZE = st.integers(0, 63).flatmap(lambda bits: st.integers(-(2**bits), 2**bits - 1))
_WHOLE = st.one_of(st.none(), st.sampled_from(_EDGES), st.integers(INT64_MIN, INT64_MAX), _OF_ANY_SIZE)


@given(pairs=st.lists(st.tuples(_WHOLE, _WHOLE), min_size=1, max_size=60))
@example(pairs=[(2**53 + 1, 10**6), (6 * (2**53 + 1), 6), (INT64_MIN, -1), (1, INT64_MIN), (9007199254740993, 3)])
@example(pairs=[(0, None), (None, 0), (None, 7), (2**62, None), (0, 0)])
def test_every_quotient_is_rounded_once(pairs: list[tuple[int | None, int | None]]) -> None:
    dividends, divisors = zip(*pairs, strict=True)
    with duckdb.connect(":memory:") as connection:
        whole = {"a": pa.array(dividends, pa.int64()), "b": pa.array(divisors, pa.int64())}
        connection.register("given", pa.table(whole))
        found = [row[0] for row in connection.sql(f"SELECT {_SQL} FROM given").fetchall()]
    expected = [None if a is None or not b else a / b + 0.0 for a, b in pairs]
    assert found == expected
    assert [evaluate(Call(Op.DIV, (_integer(a), _integer(b))), {}, {}) for a, b in pairs] == expected


def _integer(value: int | None) -> Literal:
    return Literal(value, DataType.INTEGER)


def test_an_epoch_of_the_last_years_is_the_nearest_double_to_its_seconds() -> None:
    sql = "SELECT extract(epoch FROM started), COUNT(*) FROM demo.trips GROUP BY 1"
    (key,) = parse_statement(sql, {TRIPS.id: TRIPS}, ["a"]).plan.keys
    for moment in (datetime(2255, 6, 5, 23, 47, 34, 740_993), datetime.max, datetime(1, 1, 1, 0, 0, 0, 1)):
        microseconds = (moment - datetime(1970, 1, 1)) // (datetime.resolution)
        row = dict.fromkeys(TRIPS.columns) | {"started": moment, "day": date.max}
        assert evaluate(key, row, TRIP_TYPES) == microseconds / 10**6
