"""One question has one answer: from the reference engine, from DuckDB, and from any federation of the same rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_add_partials import add_partials
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType, Value
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.partial.partial import read_partial, write_partial
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.check import check_plan
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIPS, expressions, plans, stored_rows

Rows = Sequence[Mapping[str, Value | None]]
MANY = 100_000


@contextmanager
def duckdb_over(rows: Rows) -> Iterator[DuckDBEngine]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "v000001.duckdb")
        write_dataset(path, TRIPS, rows)
        with open_locked(path, threads=1) as connection:
            yield DuckDBEngine(TRIPS, connection, path)


def reference_answer(plan: Plan, rows: Rows) -> pa.Table:
    return ReferenceEngine(TRIPS, rows).aggregate(plan, max_cells=MANY)


def same(one: pa.Table, other: pa.Table) -> bool:
    """To the bit: the same signed bytes."""
    return write_partial(one) == write_partial(other)


@st.composite
def split_rows(draw: st.DrawFn, plan: Plan) -> list[list[dict[str, Value | None]]]:
    """Rows dealt out to 1..7 nodes, a unit's rows together where the plan counts units."""
    rows = draw(st.lists(stored_rows(), max_size=24))
    nodes = draw(st.integers(1, 7))
    counts_units = any(aggregate.function is AggregateFunction.COUNT_DISTINCT for aggregate in plan.aggregates)
    home: dict[object, int] = {}
    split: list[list[dict[str, Value | None]]] = [[] for _ in range(nodes)]
    for number, row in enumerate(rows):
        unit = row[TRIPS.unit] if counts_units else number
        split[home.setdefault(unit, draw(st.integers(0, nodes - 1)))].append(row)
    return split


@settings(max_examples=30)
@given(st.data())
def test_reference_and_duckdb_give_one_answer_to_the_bit(data: st.DataObject) -> None:
    rows = data.draw(st.lists(stored_rows(), min_size=1, max_size=24), label="rows")
    with duckdb_over(rows) as engine:
        for _ in range(4):
            plan = canonicalise(data.draw(plans(), label="plan"))
            check_plan(plan, TRIPS, Level.OPEN)
            assert same(reference_answer(plan, rows), engine.aggregate(plan, max_cells=MANY))


@settings(max_examples=30)
@given(st.data())
def test_every_expression_has_one_meaning_in_both_engines(data: st.DataObject) -> None:
    rows = data.draw(st.lists(stored_rows(), min_size=4, max_size=24), label="rows")
    with duckdb_over(rows) as engine:
        for kind in DataType:
            key = data.draw(expressions(kind, 5), label="key")
            plan = Plan(TRIPS.id, None, (key,), (Aggregate(AggregateFunction.COUNT_ROWS),))
            assert same(reference_answer(plan, rows), engine.aggregate(plan, max_cells=MANY))


@settings(max_examples=30)
@given(st.data())
def test_any_federation_gives_the_answer_of_the_pooled_rows_to_the_bit(data: st.DataObject) -> None:
    plan = canonicalise(data.draw(plans(), label="plan"))
    split = data.draw(split_rows(plan), label="split")
    pooled = [row for rows in split for row in rows]
    sent = [write_partial(reference_answer(plan, rows)) for rows in split]
    received = [read_partial(ipc, plan, TRIPS) for ipc in data.draw(st.permutations(sent))]
    federated = add_partials(plan, TRIPS, received)
    assert same(reference_answer(plan, pooled), federated)
    with duckdb_over(pooled) as engine:
        assert same(engine.aggregate(plan, max_cells=MANY), federated)

    cut = data.draw(st.integers(0, len(received)))
    hubs = [add_partials(plan, TRIPS, part) for part in (received[:cut], received[cut:])]
    assert same(add_partials(plan, TRIPS, hubs), federated)  # a merge of merges is a merge


@settings(max_examples=30)
@given(st.data())
def test_totals_are_those_of_the_pooled_rows_to_the_bit(data: st.DataObject) -> None:
    plan = canonicalise(data.draw(plans(totals=True), label="plan"))
    split = data.draw(split_rows(plan), label="split")

    def answered(rows: Rows) -> pa.Table:
        return stack(plan, TRIPS, [reference_answer(part, rows) for part in plain_plans(plan)])

    received = [read_partial(write_partial(answered(rows)), plan, TRIPS) for rows in split]
    assert same(answered([row for rows in split for row in rows]), add_partials(plan, TRIPS, received))


@settings(max_examples=30)
@given(st.data())
def test_merged_values_are_those_of_the_pooled_rows(data: st.DataObject) -> None:
    plan = canonicalise(data.draw(plans(), label="plan"))
    split = data.draw(split_rows(plan), label="split")

    def merged(shares: Sequence[Rows]) -> pa.Table:
        answers = {
            f"city-{number}": CityAnswer(city=f"city-{number}", level=Level.OPEN, table=reference_answer(plan, rows))
            for number, rows in enumerate(shares)
        }
        return merge(plan, TRIPS, answers, by_city=False, partial=False).to_arrow()

    assert merged(split).equals(merged([[row for rows in split for row in rows]]))
