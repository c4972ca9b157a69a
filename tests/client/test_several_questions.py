"""Cities as sets, and several questions in one statement, over real gRPC: what is missing is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hansa
from hansa.answering.coverage import ExitCode, Outcome
from hansa.cli import app
from hansa.errors import TrustError
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_simulated_city import Fault, SimulatedLeague

REGIONS = (
    "SELECT CASE WHEN city = 'luebeck' THEN 'baltic' ELSE 'north sea' END AS coast, COUNT(*) AS n "
    "FROM harbour.ships GROUP BY coast"
)
SHARE = (
    "SELECT kind, COUNT(*) * 100.0 / (SELECT COUNT(*) FROM harbour.ships) AS share FROM harbour.ships "
    "GROUP BY kind ORDER BY kind"
)
BOTH = "SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city UNION ALL SELECT 'all', COUNT(*) FROM harbour.ships"
TWO = (
    "SELECT 'cog' AS what, COUNT(*) AS n FROM harbour.ships WHERE kind = 'cog' UNION ALL "
    "SELECT 'bremen', COUNT(*) FROM harbour.ships WHERE city = 'bremen'"
)


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


def test_a_label_says_which_cities_answered_under_it(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql(REGIONS)
    assert answer.table_rows == [{"coast": "baltic", "n": 900}, {"coast": "north sea", "n": 5}]
    assert answer.notes == ("Cities by label: 'baltic' is luebeck; 'north sea' is bremen, hamburg.",)
    assert [(list(one.label.values()), one.cities, one.answered) for one in answer.labels] == [
        (["baltic"], ("luebeck",), ("luebeck",)),
        (["north sea"], ("bremen", "hamburg"), ("bremen", "hamburg")),
    ]
    assert [city.asked for city in cities.cities.values()] == [1, 1, 1]
    assert "north sea: bremen, hamburg." in str(answer.explain())


def test_a_label_without_one_of_its_cities_withholds_its_value_alone(
    cities: SimulatedLeague, league: hansa.League
) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(REGIONS)
    assert answer.table_rows == [{"coast": "baltic", "n": 900}, {"coast": "north sea", "n": None}]
    assert [(cell.row, cell.column, dict(cell.gaps)) for cell in answer.suppressed] == [
        (1, "n", {"bremen": "not_published"})
    ]
    assert "'north sea' is hamburg without bremen" in answer.notes[0]
    partial = league.sql(REGIONS, partial=True)
    assert partial.table_rows[1] == {"coast": "north sea", "n": 2}
    assert [(cell.row, cell.column) for cell in partial.partial] == [(1, "n")]


def test_a_label_of_which_no_city_answered_is_a_row_that_says_so(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["luebeck"].fault = Fault.REFUSE
    answer = league.sql(REGIONS.replace("AS n", "AS n, kind").replace("coast FROM", "x").replace("BY coast", "BY 1, 3"))
    assert answer.table_rows[0] == {"coast": "baltic", "n": None, "kind": None}
    assert {(cell.row, cell.column) for cell in answer.suppressed} >= {(0, "n"), (0, "kind")}
    assert "'baltic' is no city that answered without luebeck" in answer.notes[0]


def test_cities_at_different_levels_are_summed_under_no_label(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["hamburg"].level = Level.CONTROLLED
    with pytest.raises(RefusedError, match="mixed_levels"):
        league.sql(REGIONS)
    cities.cities["bremen"].level = Level.CONTROLLED
    assert league.sql(REGIONS).table_rows[1]["n"] == 5


def test_a_condition_on_city_says_whom_it_asked(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql("SELECT COUNT(*) AS n FROM harbour.ships WHERE city <> 'luebeck' AND kind = 'cog'")
    assert answer.table_rows == [{"n": 3}]
    assert answer.notes == ("city <> 'luebeck': bremen, hamburg were asked.",)
    assert [city.asked for city in cities.cities.values()] == [1, 1, 0]


def test_an_aggregate_over_some_cities_lacks_only_these(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    sql = (
        "SELECT COUNT(*) FILTER (WHERE city = 'bremen') AS b, COUNT(*) FILTER (WHERE city = 'hamburg') AS h, "
        "COUNT(*) AS n FROM harbour.ships"
    )
    answer = league.sql(sql)
    assert answer.table_rows == [{"b": None, "h": 2, "n": None}]
    assert {cell.column for cell in answer.suppressed} == {"b", "n"}
    assert league.sql(sql, partial=True).table_rows == [{"b": None, "h": 2, "n": 902}]


def test_what_is_asked_alike_is_asked_once(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql(BOTH)
    assert sorted((row["city"], row["n"]) for row in answer.table_rows) == [
        ("all", 905),
        ("bremen", 3),
        ("hamburg", 2),
        ("luebeck", 900),
    ]
    assert [city.asked for city in cities.cities.values()] == [1, 1, 1]
    assert [len(one.cities) for one in answer.questions] == [3, 3]


def test_several_questions_are_told_and_charged_one_by_one(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql(TWO)
    assert {(row["what"], row["n"]) for row in answer.table_rows} == {("cog", 3), ("bremen", 3)}
    assert [city.asked for city in cities.cities.values()] == [2, 1, 1]
    assert answer.plan_sql.count("SELECT") == 2
    verdicts = league.dry_run(TWO)
    assert [word.report.city for word in verdicts] == ["bremen", "hamburg", "luebeck", "bremen"]
    assert verdicts.notes == (
        "The statement asks 2 questions, and each is charged: together, in millionths of rho, bremen 0, hamburg 0, "
        "luebeck 0.",
    )
    explained = str(league.explain(TWO))
    assert "These are 2 questions, in this order, and each is charged by itself." in explained


def test_a_share_of_a_total_that_lacks_a_city_is_withheld(cities: SimulatedLeague, league: hansa.League) -> None:
    shares = [row["share"] for row in league.sql(SHARE).table_rows]
    assert shares == [pytest.approx(300 / 905), pytest.approx(90200 / 905)]
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(SHARE)
    assert [row["share"] for row in answer.table_rows] == [None, None]
    assert {(cell.row, cell.column) for cell in answer.suppressed} == {(0, "share"), (1, "share")}
    assert {cell.row for cell in league.sql(SHARE, partial=True).partial} == {0, 1}


def test_a_city_that_fails_one_question_of_two_is_not_said_to_have_answered(
    cities: SimulatedLeague, league: hansa.League
) -> None:
    cities.cities["luebeck"].fault = Fault.REFUSE
    answer = league.sql(TWO)
    assert {(row["what"], row["n"]) for row in answer.table_rows} == {("cog", None), ("bremen", 3)}
    assert [(report.city, report.state) for report in answer.cities] == [
        ("bremen", Outcome.ANSWERED),
        ("hamburg", Outcome.ANSWERED),
        ("luebeck", Outcome.REFUSED),
    ]
    assert not answer.is_complete
    assert answer.exit_code is ExitCode.REFUSED


def test_rows_that_a_subquery_without_values_chose_are_told(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(
        "WITH q AS (SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city) "
        "SELECT city, n FROM q WHERE n >= (SELECT MIN(n) FROM q)"
    )
    assert [row["city"] for row in answer.table_rows] == ["hamburg", "luebeck"]
    assert any("WHERE" in note and "withheld or incomplete" in note for note in answer.notes)
    assert not answer.is_complete


@pytest.mark.parametrize("operation", ["UNION", "INTERSECT", "EXCEPT"])
def test_a_set_operation_that_decides_without_values_is_told(
    cities: SimulatedLeague, league: hansa.League, operation: str
) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    q = "WITH q AS (SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city) "
    answer = league.sql(f"{q}SELECT n FROM q {operation} SELECT n + 1 FROM q")
    assert any(note.startswith(f"{operation}: decides without values of 1 cell") for note in answer.notes)
    assert not answer.is_complete


def test_a_union_marks_the_rows_of_each_side_by_themselves(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(BOTH)
    rows = {row["city"]: (number, row["n"]) for number, row in enumerate(answer.table_rows)}
    assert {city: n for city, (_, n) in rows.items()} == {"all": None, "bremen": None, "hamburg": 2, "luebeck": 900}
    marked = {cell.row: dict(cell.gaps) for cell in answer.suppressed if cell.column == "n"}
    assert marked == {
        rows["all"][0]: {"bremen": "not_published"},
        rows["bremen"][0]: {"bremen": "not_published"},
    }


def test_the_evidence_of_several_questions_is_kept_and_replayed(league: hansa.League, tmp_path: Path) -> None:
    answer = league.sql(TWO)
    answer.save_evidence(tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept" / "further" / "2" / "answers").iterdir()) == [
        "bremen.dsse.json",
        "bremen.tlog-proof",
    ]
    again = hansa.Answer.from_evidence(tmp_path / "kept")
    assert again.table.equals(answer.table)
    assert again.notes == answer.notes
    assert [one.query_hash for one in again.questions] == [one.query_hash for one in answer.questions]


@pytest.mark.parametrize("lost", ["further/2/query.dsse.json", "further/2/answers/bremen.dsse.json"])
def test_evidence_without_a_further_query_proves_nothing(league: hansa.League, tmp_path: Path, lost: str) -> None:
    league.sql(TWO).save_evidence(tmp_path / "kept")
    (tmp_path / "kept" / lost).unlink()
    with pytest.raises(TrustError, match=lost):
        hansa.Answer.from_evidence(tmp_path / "kept")


def test_the_answers_of_two_queries_are_not_exchanged_unseen(league: hansa.League, tmp_path: Path) -> None:
    league.sql(TWO).save_evidence(tmp_path / "kept")
    first = tmp_path / "kept" / "answers" / "bremen.dsse.json"
    second = tmp_path / "kept" / "further" / "2" / "answers" / "bremen.dsse.json"
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    with pytest.raises(TrustError):
        hansa.Answer.from_evidence(tmp_path / "kept")


def test_asyncio_asks_several_questions_at_once(cities: SimulatedLeague, league: hansa.League) -> None:
    async def asked() -> hansa.Answer:
        async with await hansa.connect_async(cities.profile) as connected:
            return await connected.sql(TWO)

    assert asyncio.run(asked()).table.equals(league.sql(TWO).table)


def test_the_command_shows_a_dry_run_question_by_question(cities: SimulatedLeague) -> None:
    arguments = ["query", TWO, "--dry-run", "--format", "csv", "--profile", str(cities.profile)]
    done = CliRunner().invoke(app, arguments)
    assert [line.split(",")[:2] for line in done.stdout.splitlines()] == [
        ['"question"', '"city"'],
        ["1", '"bremen"'],
        ["1", '"hamburg"'],
        ["1", '"luebeck"'],
        ["2", '"bremen"'],
    ]
    assert done.exit_code == 0
    assert "together, in millionths of rho" in done.stderr


BY_KIND = "(SELECT city, kind, COUNT(*) AS n FROM harbour.ships GROUP BY city, kind)"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT COUNT(*) AS c FROM (SELECT 1 AS x FROM {BY_KIND} AS q) AS r",
        f"SELECT COUNT(*) AS c FROM (SELECT n FROM {BY_KIND} AS q) AS r",
        f"SELECT EXISTS (SELECT 1 FROM {BY_KIND} AS q) AS c",
        f"SELECT (SELECT COUNT(*) FROM (SELECT 1 AS x FROM {BY_KIND} AS q) AS r) AS c",
        f"SELECT 3 IN (SELECT 1 AS x FROM {BY_KIND} AS q) AS c",
        f"SELECT COUNT(*) AS c FROM (SELECT 1 AS x FROM {BY_KIND} AS q UNION ALL SELECT 2) AS r",
        f"SELECT COUNT(*) AS c FROM (SELECT 1 AS x FROM {BY_KIND} AS q UNION SELECT 2) AS r",
        f"SELECT COUNT(*) AS c FROM (SELECT DISTINCT 1 AS x FROM {BY_KIND} AS q) AS r",
        f"SELECT COUNT(*) AS c FROM (SELECT x FROM (SELECT 1 AS x FROM {BY_KIND} AS q) AS r GROUP BY x) AS s",
        f"SELECT SUM(w) AS c FROM (SELECT ROW_NUMBER() OVER (ORDER BY x) AS w FROM (SELECT 1 AS x FROM {BY_KIND} AS q)"
        " AS r) AS s",
        f"WITH r AS (SELECT 1 AS x FROM {BY_KIND} AS q) SELECT COUNT(*) AS c FROM r AS a CROSS JOIN r AS b",
    ],
)
def test_a_count_of_rows_without_keys_says_which_city_it_is_without(
    sql: str, cities: SimulatedLeague, league: hansa.League
) -> None:
    whole = league.sql(sql)
    assert not whole.notes
    assert whole.is_complete
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(sql)
    assert [(cell.row, cell.column, dict(cell.gaps)) for cell in answer.partial] == [
        (0, "c", {"bremen": "not_published"})
    ]
    assert "bremen: no cells came; what is computed over several cells is without them." in answer.notes


def test_a_count_of_keys_of_all_cities_says_which_city_it_is_without(
    cities: SimulatedLeague, league: hansa.League
) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    for inner in ("kind, COUNT(*) AS n", "COUNT(*) AS n, 1 AS x"):
        sql = f"SELECT COUNT(*) AS c FROM (SELECT {inner} FROM harbour.ships GROUP BY kind) AS q"
        assert league.sql(sql).notes == ("bremen: no cells came; what is computed over several cells is without them.",)
    assert league.sql("SELECT COUNT(*) AS c FROM (SELECT COUNT(*) AS n FROM harbour.ships) AS q").notes == ()


def test_a_condition_on_city_says_who_of_those_it_asked_answered(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql("SELECT COUNT(*) AS n FROM harbour.ships WHERE city <> 'luebeck'", partial=True)
    assert answer.notes[0] == "city <> 'luebeck': bremen, hamburg were asked; hamburg answered."


def test_an_aggregate_over_a_set_of_cities_says_who_is_in_it(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(
        "SELECT COUNT(*) FILTER (WHERE city <> 'luebeck') AS rest, COUNT(*) FILTER (WHERE city = 'hamburg') AS h "
        "FROM harbour.ships"
    )
    assert answer.notes == ("COUNT(*) over some cities is hamburg without bremen.",)
