"""The analyst's own tables: what may be joined, and what they cannot smuggle in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

import hansa
from hansa.answering.outer import OuterEngine
from hansa.question.own_tables import read_own_tables
from hansa_core.errors import RefusedError
from hansa_core.sql.split import parse_statement
from hansa_simulated_city import SimulatedLeague
from hansa_statements import CITIES, permits

PORTS = pa.table({"kind": ["cog", "hulk", "boat"], "crew": [12, 30, 2]})
JOINED = (
    "WITH q AS (SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind) "
    "SELECT kind, n * crew AS sailors FROM q JOIN ports USING (kind) ORDER BY kind"
)
SAILORS = [{"kind": "cog", "sailors": 36}, {"kind": "hulk", "sailors": 27060}]
Q = "WITH q AS (SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city) "


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


def test_a_table_is_joined_from_whatever_holds_it(
    cities: SimulatedLeague, league: hansa.League, tmp_path: Path
) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    parquet.write_table(PORTS, tmp_path / "ports.parquet")
    csv.write_csv(PORTS, tmp_path / "ports.csv")
    frames = pandas.DataFrame(PORTS.to_pydict()), polars.from_arrow(PORTS)
    for given in (PORTS, *frames, PORTS.to_reader(), tmp_path / "ports.parquet", str(tmp_path / "ports.csv")):
        assert league.sql(JOINED, tables={"Ports": given}).table_rows == SAILORS


def test_a_file_that_is_not_there_is_named(league: hansa.League) -> None:
    with pytest.raises(RefusedError, match=r"there is no file nowhere\.csv; check the path"):
        league.sql(JOINED, tables={"ports": "nowhere.csv"})


def test_one_statement_with_other_columns_is_read_anew(cities: SimulatedLeague, league: hansa.League) -> None:
    star = "WITH q AS (SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind) SELECT * FROM q JOIN m USING (kind)"
    assert league.sql(star, tables={"m": PORTS}).table.column_names == ["kind", "n", "crew"]
    assert league.sql(star, tables={"m": PORTS.select(["kind"])}).table.column_names == ["kind", "n"]


def test_the_same_question_has_the_same_plan_with_and_without_a_join(
    cities: SimulatedLeague, league: hansa.League
) -> None:
    plain = league.sql("SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind")
    assert league.sql(JOINED, tables={"ports": PORTS}).plan_hash == plain.plan_hash


@pytest.mark.parametrize(
    "name", ["housing", "housing.permits", "released", "__row", "information_schema", "a b", "", "x;y", 'x"y']
)
def test_a_table_cannot_take_the_name_of_anything_else(name: str) -> None:
    with pytest.raises(RefusedError, match="table_name"):
        parse_statement("SELECT COUNT(*) FROM housing.permits", permits(), CITIES, {name: ("a",)})


@pytest.mark.produces("table_name")
@pytest.mark.parametrize("columns", [(), ("a", "A"), ("__gaps",), ("",)])
def test_a_table_cannot_bring_columns_that_hide_others(columns: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="table_name"):
        parse_statement("SELECT COUNT(*) FROM housing.permits", permits(), CITIES, {"mine": columns})


def test_a_hostile_column_name_stays_a_name() -> None:
    hostile = "a\" FROM read_csv('/etc/passwd') --"
    statement = parse_statement(Q + "SELECT mine.* FROM q CROSS JOIN mine", permits(), CITIES, {"mine": (hostile,)})
    released = pa.table({"city": ["seattle"], "a0": [1]})
    with OuterEngine() as engine:
        table, _ = engine.run(statement.outer, released, tables={"mine": pa.table({hostile: [5]})})
    assert table.to_pydict() == {hostile: [5]}


@pytest.mark.produces("own_table")
@pytest.mark.parametrize("given", [7, [1, 2], "mine.xlsx", "absent.parquet", pa.table({"a": [{"b": 1}]})])
def test_what_is_no_table_is_refused_with_its_name(given: object) -> None:
    with pytest.raises(RefusedError, match="own_table") as refused:
        read_own_tables({"mine": given})
    assert "mine" in refused.value.field


def test_columns_become_the_types_of_the_language() -> None:
    moment = datetime(2024, 1, 31, 12, tzinfo=UTC)
    given = pa.table({"a": pa.array(["x"]).dictionary_encode(), "b": pa.array([1], pa.uint8()), "c": [moment]})
    assert read_own_tables({"M": given})["m"].schema.types == [pa.string(), pa.int64(), pa.timestamp("us")]


@pytest.fixture(scope="module")
def large() -> dict[str, pa.Table]:
    return {"mine": pa.table({"x": list(range(20_000))})}


PAIRS = Q + "SELECT {} FROM q CROSS JOIN mine a CROSS JOIN mine b"


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("code", "shown", "time_limit_s"),
    [
        ("outer_too_large", "a.x, b.x AS y", 60.0),
        ("outer_too_slow", "SUM(a.x * b.x) AS s", 0.05),
    ],
)
def test_a_join_is_refused_for_what_it_takes_too_much_of(
    large: dict[str, pa.Table], code: str, shown: str, time_limit_s: float
) -> None:
    statement = parse_statement(PAIRS.format(shown), permits(), CITIES, {"mine": ("x",)})
    released = pa.table({"city": ["seattle"] * 40, "a0": [1] * 40})
    with OuterEngine(time_limit_s=time_limit_s) as engine, pytest.raises(RefusedError) as refused:
        engine.run(statement.outer, released, tables=large)
    assert refused.value.code == code


@pytest.mark.parametrize("shown", ["a.x, b.x AS y", "SUM(a.x * b.x) AS s, COUNT(DISTINCT a.x + b.x) AS d"])
def test_a_runaway_join_ends_in_a_refusal(large: dict[str, pa.Table], shown: str) -> None:
    statement = parse_statement(PAIRS.format(shown), permits(), CITIES, {"mine": ("x",)})
    released = pa.table({"city": ["seattle"] * 40, "a0": [1] * 40})
    with OuterEngine(time_limit_s=1.0) as engine:
        with pytest.raises(RefusedError, match=r"outer_too_large|outer_too_slow"):
            engine.run(statement.outer, released, tables=large)
        again = parse_statement(Q + "SELECT n FROM q", permits(), CITIES)
        assert engine.run(again.outer, released)[0].num_rows == 40


def test_a_postcode_in_a_file_stays_the_text_that_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "plz,n,share,day,at,open,word\n01067,1,0.5,2024-01-05,2024-01-05 10:00:00,true,NA\n"
    )
    with (tmp_path / "a.csv").open("a") as file:
        file.write("10115,,NA,,,,x\n")
    table = read_own_tables({"mine": tmp_path / "a.csv"})["mine"]
    assert table.column("plz").to_pylist() == ["01067", "10115"]
    assert table.schema.types == [
        pa.string(),
        pa.int64(),
        pa.float64(),
        pa.date32(),
        pa.timestamp("us"),
        pa.bool_(),
        pa.string(),
    ]
    assert table.column("share").to_pylist() == [0.5, None]
    assert table.column("word").to_pylist() == ["NA", "x"]


@pytest.mark.parametrize(
    ("content", "rule", "remedy"),
    [
        ("ort,n\nMünchen,1\n".encode("cp1252"), "line 2 is not UTF-8, and reads as windows-1252: 'München,1'", "encod"),
        (b"ort;n\nA;1\n", "looks as if ';' stood between its cells", "sep=';'"),
        (b"ort,n,ort\nA,1,B\n", "line 1 has columns 1 and 3 that are both called 'ort'", "rename one|read it with"),
        (b"ort,n\nA,1,2\n", "line 2, after column n has 3 cells where there are 2 columns", "read it with pandas"),
    ],
)
def test_a_file_that_is_written_otherwise_is_told_with_its_line(
    tmp_path: Path, content: bytes, rule: str, remedy: str
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(RefusedError, match=remedy) as refused:
        read_own_tables({"mine": tmp_path / "a.csv"})
    assert rule in refused.value.rule


def test_columns_of_one_name_are_told_with_their_places() -> None:
    given = pa.Table.from_arrays([pa.array([1])] * 3, names=["a", "b", "a"])
    with pytest.raises(RefusedError, match="columns 1 and 3 are both called 'a'"):
        read_own_tables({"mine": given})


def test_the_index_of_a_frame_is_left_out_with_a_note(
    cities: SimulatedLeague, league: hansa.League, tmp_path: Path
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(PORTS.to_pydict()).sort_values("crew")  # an index that is no range becomes a column
    frame.reset_index(drop=True).to_csv(tmp_path / "ports.csv")
    for given, left_out in ((frame, "__index_level_0__"), (tmp_path / "ports.csv", "column1")):
        answer = league.sql(JOINED.replace("kind, n * crew", "ports.*, n * crew"), tables={"ports": given})
        assert answer.table.column_names == ["kind", "crew", "sailors"]
        (note,) = (note for note in answer.notes if "index" in note)
        assert note.startswith(f"ports: column '{left_out}' is the index of a data frame, and was left out")
    named = frame.set_index("kind")
    assert league.sql(JOINED, tables={"ports": named}).table_rows == SAILORS


@pytest.mark.parametrize("join", ["q JOIN m ON q.zip = m.zip", "q JOIN m USING (zip)", "q, m WHERE m.zip = q.zip"])
def test_numbers_that_are_compared_with_texts_are_told(league: hansa.League, join: str) -> None:
    cells = "SELECT quay AS zip, COUNT(*) AS n FROM harbour.ships WHERE quay = '1067' GROUP BY quay"
    asked = f"WITH q AS ({cells}) SELECT n, m.crew FROM {join}"
    numbers = pa.table({"zip": [1067, 4109], "crew": [1, 2]})
    (note,) = [note for note in league.sql(asked, tables={"m": numbers}).notes if "holds numbers" in note]
    assert note.startswith("m: zip holds numbers and is compared with texts: 1067 is '01067' as well as '1067'")
    texts = pa.table({"zip": ["01067", "04109"], "crew": [1, 2]})
    assert not [note for note in league.sql(asked, tables={"m": texts}).notes if "holds numbers" in note]


def test_numbers_that_are_compared_with_texts_of_a_further_question_are_told(league: hansa.League) -> None:
    ships = "SELECT kind, COUNT(*) AS ships FROM harbour.ships GROUP BY kind"
    quays = "SELECT quay AS zip, COUNT(*) AS n FROM harbour.ships WHERE quay = '1067' GROUP BY quay"
    asked = f"WITH s AS ({ships}), q AS ({quays}) SELECT s.ships, m.crew FROM s CROSS JOIN q JOIN m ON q.zip = m.zip"
    numbers = pa.table({"zip": [1067, 4109], "crew": [1, 2]})
    (note,) = [note for note in league.sql(asked, tables={"m": numbers}).notes if "holds numbers" in note]
    assert note.startswith("m: zip holds numbers and is compared with texts")
