"""The outer DuckDB shapes the released table and reaches nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.answering.intervals import Interval, find_intervals
from hansa.answering.outer import OuterEngine
from hansa.answering.statement_cells import StatementCells
from hansa.view.render.cells import cell_texts
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.partial.merge import CityAnswer
from hansa_core.partial.partial import partial_from_rows
from hansa_core.plan.moments import moments_of
from hansa_core.sql.statement import OuterColumn, OuterSelect
from hansa_statements import ask, permits

RELEASED = pa.table(
    {
        "k0": ["adu", "habitable-room", "other", None],
        "a0": pa.array([50.5, None, 12.0, 7.0], pa.float64()),
        "a1": pa.array([10, None, 0, 10], pa.int64()),
    }
)


@pytest.fixture(scope="module")
def engine() -> Iterator[OuterEngine]:
    with OuterEngine() as warm:
        yield warm


def raw(sql: str) -> OuterSelect:
    """An outer statement as no parser would make it."""
    column = OuterColumn(name="x", depends_on=(), passes_through=False)
    return OuterSelect(sql=sql, columns=(column,), key_columns=("k0",), aggregate_columns=("a0", "a1"))


def test_order_and_limit_keep_the_way_back_to_the_merged_rows(engine: OuterEngine) -> None:
    outer = ask(
        "SELECT project, AVG(days_to_issue) AS mean, COUNT(*) AS n, round(AVG(days_to_issue)) AS days "
        "FROM housing.permits GROUP BY project ORDER BY n DESC LIMIT 3"
    ).outer
    table, rows = engine.run(outer, RELEASED)
    assert {name: found.tolist() for name, found in rows.items()} == {
        "__row": [0, 3, 2]
    }  # equal counts stay in merged order, NULL comes last
    assert table.column_names == ["project", "mean", "n", "days"]
    assert table.column("days").to_pylist() == [51.0, 7.0, 12.0]


KEYED = "SELECT project, AVG(days_to_issue) AS mean, COUNT(*) AS n FROM housing.permits GROUP BY project"
PLAIN = [
    *(
        KEYED,
        f"{KEYED} ORDER BY n DESC, project",
        f"{KEYED} ORDER BY mean, n DESC",
        f"{KEYED} ORDER BY 2 DESC, mean, 1",
    ),
    "SELECT COUNT(*) AS n, project, COUNT(*) AS again FROM housing.permits GROUP BY project ORDER BY project DESC",
]


@pytest.mark.parametrize("key", [pa.string(), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.decimal128(38, 0)])
@given(st.data())
def test_a_plain_select_gives_what_the_engine_gives(engine: OuterEngine, key: pa.DataType, data: st.DataObject) -> None:
    values = {
        pa.string(): st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3),
        pa.bool_(): st.booleans(),
        pa.date32(): st.dates(),
        pa.timestamp("us"): st.datetimes(),
        pa.decimal128(38, 0): st.integers(-(10**37), 10**37).map(Decimal),
    }[key]
    means = st.floats(allow_nan=False, allow_infinity=False).map(lambda mean: mean + 0.0)
    row = st.tuples(*(st.none() | one for one in (values, means, st.integers(-3, 3))))
    cells = data.draw(st.lists(row, max_size=8))
    columns = zip(*cells, strict=True) if cells else [(), (), ()]
    released = pa.Table.from_arrays(
        [pa.array(column, kind) for column, kind in zip(columns, (key, pa.float64(), pa.int64()), strict=True)],
        names=["k0", "a0", "a1"],
    )
    statement = ask(data.draw(st.sampled_from(PLAIN)))
    if len(statement.outer.aggregate_columns) == 1:
        released = released.select(["k0", "a1"]).rename_columns(["k0", "a0"])
    assert statement.outer.plain is not None
    table, rows = engine.run(statement.outer, released)
    expected, expected_rows = engine.run(replace(statement.outer, plain=None), released)
    assert table.equals(expected)
    assert {name: found.tolist() for name, found in rows.items()} == {
        name: found.tolist() for name, found in expected_rows.items()
    }


@pytest.mark.parametrize(
    "clause",
    [
        "HAVING n > 3",
        "ORDER BY n NULLS FIRST",
        "ORDER BY n + 1",
        "LIMIT 3",
        "QUALIFY rank() OVER (ORDER BY COUNT(*)) = 1",
    ],
)
def test_what_does_more_than_pick_and_sort_is_the_engines(clause: str) -> None:
    assert ask(f"{KEYED} {clause}").outer.plain is None


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_nulls_come_last_unless_asked_first(engine: OuterEngine, direction: str) -> None:
    ordered = (
        f"SELECT project, AVG(days_to_issue), COUNT(*) AS n FROM housing.permits GROUP BY 1 ORDER BY n {direction}"
    )
    assert engine.run(ask(ordered).outer, RELEASED)[1]["__row"][-1] == 1
    assert engine.run(ask(f"{ordered} NULLS FIRST").outer, RELEASED)[1]["__row"][0] == 1


@pytest.mark.parametrize(
    "expression",
    [
        *("COUNT(*) / 0", "COUNT(*) // 0", "COUNT(*) % 0", "ln(COUNT(*) - COUNT(*))", "sqrt(-1 - COUNT(*))"),
        *(
            "exp(1000 + COUNT(*))",
            "CAST(project AS DATE)",
            "COUNT(*) + 9223372036854775807",
            "TRY_CAST(project AS INT)",
        ),
    ],
)
def test_what_has_no_value_is_null_and_never_an_error(engine: OuterEngine, expression: str) -> None:
    outer = ask(f"SELECT {expression} AS x, COUNT(*) FROM housing.permits GROUP BY project").outer
    released = pa.table({"k0": ["adu", "other"], "a0": pa.array([10, None], pa.int64())})
    table, _ = engine.run(outer, released)
    assert table.column("x").null_count == table.num_rows


def test_wide_sums_are_computed_with(engine: OuterEngine) -> None:
    outer = ask("SELECT SUM(days_to_issue) * 2 AS twice, SUM(days_to_issue) / 2 AS half FROM housing.permits").outer
    wide = pa.table({"a0": pa.array([Decimal(10**30)], pa.decimal128(38, 0))})
    table, _ = engine.run(outer, wide)
    assert float(table.column("twice")[0].as_py()) == pytest.approx(2e30)
    assert float(table.column("half")[0].as_py()) == pytest.approx(5e29)


@pytest.mark.produces("outer_failed")
def test_an_ill_typed_outer_expression_is_refused_with_its_reason(engine: OuterEngine) -> None:
    outer = ask("SELECT upper(project) + 1 AS x, COUNT(*) FROM housing.permits GROUP BY project").outer
    with pytest.raises(RefusedError, match="outer_failed"):
        engine.run(outer, RELEASED)


ATTACKS = (
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_parquet('https://example.org/x.parquet')",
    "SELECT * FROM secret_variable",
    "SELECT getenv('HOME')",
    "ATTACH '{secret}.duckdb' AS other",
    "COPY released TO '{secret}.csv'",
    "EXPORT DATABASE '{secret}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET threads = 8",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "CREATE TABLE kept AS SELECT * FROM released",
    "SELECT 1; SELECT 2",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_reaches_nothing_but_the_released_table(engine: OuterEngine, tmp_path: Path, attack: str) -> None:
    secret_variable = RELEASED  # a replacement scan would find it by this name
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(RefusedError):
        engine.run(raw(attack.format(secret=secret)), secret_variable)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


HARMLESS_IN_MEMORY = ("CREATE", "PRAGMA", "SELECT 1")  # the engine runs one SELECT only


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if not attack.startswith(HARMLESS_IN_MEMORY)])
def test_the_connection_itself_refuses_too(tmp_path: Path, attack: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    with OuterEngine() as engine, pytest.raises(Exception, match=r"(?i)error") as caught:
        engine._connection.execute(attack.format(secret=secret))
    assert type(caught.value).__module__.endswith("duckdb")


def test_one_question_leaves_nothing_for_the_next(engine: OuterEngine) -> None:
    engine.run(raw('SELECT 1 AS "x", released.__row AS "__row" FROM released'), RELEASED)
    with pytest.raises(RefusedError):
        engine.run(raw("SELECT a1 AS x, __row FROM released"), RELEASED.drop_columns(["a1"]))


def test_threads_share_an_engine(engine: OuterEngine) -> None:
    outer = ask("SELECT project, AVG(days_to_issue), COUNT(*) AS n FROM housing.permits GROUP BY 1 ORDER BY n").outer
    tables = [RELEASED.slice(0, size) for size in (1, 2, 3, 4)] * 8
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda table: engine.run(outer, table)[0].num_rows, tables))
    assert answers == [table.num_rows for table in tables]


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
@pytest.mark.parametrize(("text", "is_known"), [("infinity", False), ("-infinity", False), ("9999-12-31", True)])
def test_a_day_that_python_cannot_hold_is_null_and_crashes_no_reader(
    engine: OuterEngine, kind: str, text: str, is_known: bool
) -> None:
    outer = ask(f"SELECT CAST('{text}' AS {kind}) AS day, COUNT(*) FROM housing.permits").outer
    table, _ = engine.run(outer, RELEASED.select(["a1"]).rename_columns(["a0"]).slice(0, 1))
    (day,) = table.column("day").to_pylist()
    assert (day is not None) is is_known


def test_a_histogram_passes_through_whole_and_a_quantile_keeps_its_interval(engine: OuterEngine) -> None:
    statement = ask(
        "SELECT project, HISTOGRAM(days_to_issue) AS waits, MEDIAN(days_to_issue) AS median, "
        "MEDIAN(days_to_issue) / 7 AS weeks FROM housing.permits GROUP BY project ORDER BY project DESC"
    )
    contract = permits()[statement.plan.source]
    plan = statement.plan
    moments = moments_of(plan, contract)
    in_bins = {(0, 7): 1, (8, 14): 2, (0, 30): 3, (0, 90): 3}
    cell = [3 if moment.bin is None else in_bins.get(moment.bin, 0) for moment in moments]
    table = partial_from_rows(plan, contract, [("adu", *cell), ("habitable-room", *(0 for _ in moments))])
    answers = {"seattle": CityAnswer(city="seattle", level=Level.OPEN, table=table)}
    cells = StatementCells()
    cells.add(statement.questions[0], contract, answers, partial=False)
    shown, rows = engine.run(statement.outer, cells.tables[0])
    assert {name: found.tolist() for name, found in rows.items()} == {"__row": [1, 0]}
    waits = shown.column("waits").to_pylist()[1]
    assert waits[:2] == [{"lower": 0, "upper": 7, "rows": 1}, {"lower": 8, "upper": 14, "rows": 2}]
    (interval,) = find_intervals(rows, statement.outer, cells)
    assert interval == Interval(row=1, column="median", lower=8.0, upper=14.0)
    assert shown.column("median").to_pylist() == [None, 9.5]
    assert cell_texts([waits[:2]], measured=True) == ["0 to 7: 1, 8 to 14: 2"]
