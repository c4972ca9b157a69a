"""An explanation says plainly what was asked and computed where, and what is missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from rich.console import Console

import hansa
from hansa.answer import Answer
from hansa.answering.city_words import CityWord, DryRunAnswer
from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.intervals import Interval
from hansa.answering.marked_cells import MarkedCell
from hansa.answering.meanings import meanings
from hansa.view.explain import explain_dry_run
from hansa.view.explanation import Explanation, Part
from hansa_answers import CITIES, PERMITS, answer_of, answered, statement
from hansa_core.contract.level import Level
from hansa_core.partial.answer import DryRun, Refusal
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import OuterColumn
from hansa_simulated_city import SimulatedLeague

BY_YEAR = """
    SELECT city, applied_year, ROUND(AVG(days_to_issue), 1) AS mean_days, MEDIAN(days_to_issue) AS middle
    FROM housing.permits WHERE applied_year >= 2020 GROUP BY city, applied_year ORDER BY mean_days DESC"""


def by_year(**changes: object) -> Answer:
    table = {
        "city": ["bremen", "hamburg"],
        "applied_year": [2020, 2020],
        "mean_days": [81.5, None],
        "middle": [70.0, None],
    }
    return answer_of(BY_YEAR, table, **changes)


def test_it_tells_what_the_cities_were_asked_apart_from_what_was_computed_here() -> None:
    explained = by_year().explain()
    asked, computed = explained["Asked of the cities"], explained["Computed at your side"]
    assert asked.lines[0].startswith("bremen, hamburg, lübeck: each is sent the same signed query for the purpose")
    assert "AVG(days_to_issue)" in asked.sql
    assert "ROUND" not in asked.sql
    assert "ROUND(released.a0, 1) AS mean_days" in computed.sql
    assert "a0 is AVG(days_to_issue)" in computed.lines[1]
    assert "__row" not in computed.sql


def test_a_statement_without_outer_work_says_so() -> None:
    plain = answer_of("SELECT COUNT(*) AS n FROM housing.permits", {"n": [7]}).explain()["Computed at your side"]
    assert plain.lines == ("The cities' exact counts and sums are added up.", "Nothing else is computed from them.")
    assert plain.sql == ""


def test_every_column_has_its_formula_and_a_measured_one_its_unit() -> None:
    assert by_year().explain()["Columns"].lines == (
        "city: names the cell.",
        "applied_year: names the cell.",
        "mean_days: ROUND(AVG(days_to_issue), 1), measured, in days.",
        "middle: QUANTILE_CONT(days_to_issue, 0.5), measured, in days.",
    )


def test_what_is_rounded_in_each_row_is_told_apart_from_what_is_exact() -> None:
    contract = replace(PERMITS, least_level=Level.OPEN)

    def explained(argument: str) -> Explanation:
        sql = f"SELECT SUM({argument}) AS total FROM housing.permits"
        asked = parse_statement(sql, {contract.id: contract}, CITIES)
        answer = answer_of("SELECT SUM(days_to_issue) AS total FROM housing.permits", {"total": [1.0]})
        question = replace(answer.questions[0], asked=asked.questions[0], contract=contract)
        return replace(answer, questions=(question,), outer=asked.outer).explain()

    assert explained("days_to_issue * 0.1")["Computed at your side"].lines == (
        "The cities' exact counts and sums are added up.",
        "Nothing else is computed from them.",
    )
    rounded = explained("applied_year / days_to_issue")
    assert (
        rounded["Computed at your side"]
        .lines[1]
        .startswith("SUM(applied_year / days_to_issue): a quotient is rounded to the nearest double in each row")
    )
    assert "but for the rounding" in rounded["Error bars"].lines[0]


def test_a_column_of_a_nested_select_is_told_down_to_the_figures_of_the_cities() -> None:
    plain = answer_of("SELECT city, COUNT(*) AS n, 1 AS rank FROM housing.permits GROUP BY city", {"city": [], "n": []})
    nested = "SELECT b.city, b.a0 AS n, RANK() OVER (ORDER BY b.a0) AS rank, b.__row FROM (SELECT * FROM released) AS b"
    columns = (*plain.outer.columns[:2], OuterColumn(name="rank", depends_on=("a0", "city"), passes_through=False))
    explained = replace(plain, outer=replace(plain.outer, sql=nested, columns=columns)).explain()
    assert explained["Columns"].lines == (
        "city: names the cell.",
        "n: COUNT(*), measured, in rows.",
        "rank: RANK() OVER (ORDER BY COUNT(*)), measured.",
    )
    assert "__row" not in explained["Computed at your side"].sql


NESTED = """
    WITH q AS (SELECT city, applied_year, COUNT(*) AS n FROM housing.permits GROUP BY city, applied_year HAVING n > 9)
    SELECT city, SUM(n) AS total, RANK() OVER (ORDER BY SUM(n) DESC) AS place, SUM(n) * 1000 / MAX(people) AS rate
    FROM q JOIN population USING (city) GROUP BY city ORDER BY place LIMIT 2"""


def nested(**changes: object) -> Answer:
    own = {"population": ("city", "people")}
    return answer_of(NESTED, {"city": [], "total": [], "place": [], "rate": []}, own, **changes)


def test_own_tables_and_the_clauses_that_decide_about_rows_are_named() -> None:
    computed = nested().explain()["Computed at your side"]
    assert computed.lines[1:3] == (
        "Your own table population is joined to them here; no city learns of it.",
        "Which rows there are is decided here, by what came: HAVING n > 9; JOIN population USING (city); "
        "GROUP BY city; LIMIT 2.",
    )


def test_the_sql_of_a_join_over_a_cte_is_shown_without_what_carries_the_marks() -> None:
    shown = nested().explain()["Computed at your side"].sql
    assert "FROM released\n    INNER JOIN population\n      ON released.city = population.city" in shown
    assert not any(word in shown for word in ("__row", "__gaps", "BIT_OR", "own_population", "WITH"))


def test_columns_of_ctes_are_told_by_what_they_come_to() -> None:
    assert nested().explain()["Columns"].lines == (
        "city: names the cell.",
        "total: SUM(COUNT(*)), measured.",
        "place: RANK() OVER (ORDER BY SUM(COUNT(*)) DESC), measured.",
        "rate: SUM(COUNT(*)) * 1000 / MAX(population.people), measured.",
    )


def test_rows_that_depend_on_missing_values_are_not_called_complete() -> None:
    lines = nested(rows_are_unsure=True).explain()["Missing"].lines
    assert lines == ("Which rows there are depends on values that are missing: see Notes.",)


def test_a_column_that_no_city_had_a_part_in_is_told_apart() -> None:
    answer = answer_of("SELECT 'b' AS label, COUNT(*) AS n FROM housing.permits", {"label": ["b"], "n": [7]})
    assert answer.explain()["Columns"].lines[0] == "label: 'b', not from the cities."


@pytest.mark.parametrize(
    ("shown", "unit"),
    [
        ("COUNT(*)", "rows"),
        ("COUNT(days_to_issue)", "values"),
        ("COUNT(DISTINCT permit_id)", "distinct permit_id"),
        ("SUM(days_to_issue)", "days"),
        ("ROUND(MEDIAN(days_to_issue))", "days"),
        ("VAR_SAMP(days_to_issue)", "days²"),
        ("REGR_SLOPE(days_to_issue, applied_year)", "days per year"),
        ("COVAR_SAMP(days_to_issue, applied_year)", "days × year"),
        ("CORR(days_to_issue, applied_year)", None),
        ("AVG(days_to_issue) / 7", None),
        ("ROUND(AVG(days_to_issue) / 7, 1)", None),
    ],
)
def test_a_unit_is_named_only_where_it_is_surely_kept(shown: str, unit: str | None) -> None:
    asked = statement(f"SELECT {shown} AS x FROM housing.permits")
    assert meanings([(asked.questions[0], PERMITS)], asked.outer)[0].unit == unit


def test_it_says_who_answered_and_who_did_not_and_by_which_rule() -> None:
    refused = CityReport(
        city="hamburg", state=Outcome.REFUSED, code="denied", rule="not this year", remedy="ask later", proven=True
    )
    late = CityReport(city="lübeck", state=Outcome.TIMED_OUT)
    assert by_year(cities=(answered("bremen"), refused, late)).explain()["Cities"].lines == (
        "bremen: answered at level controlled, data version 3, signed.",
        "hamburg: refused (denied): not this year; ask later.",
        "lübeck: timed out.",
        "At level controlled a city answers from a table that it protected and published before anyone asked; "
        "`explain` of the statement names the table.",
    )


def test_what_is_missing_is_counted_by_column_and_reason() -> None:
    gone = (
        MarkedCell(row=1, column="mean_days", gaps={"hamburg": "suppressed"}),
        MarkedCell(row=1, column="middle", gaps={"hamburg": "suppressed"}),
    )
    part = (MarkedCell(row=0, column="middle", gaps={"lübeck": "timed_out"}),)
    lines = by_year(suppressed=gone, partial=part).explain()["Missing"].lines
    assert lines[:3] == (
        "· mean_days: 1 value is not shown, for want of hamburg (withheld by disclosure control).",
        "· middle: 1 value is not shown, for want of hamburg (withheld by disclosure control).",
        "† middle: 1 value is partial, without lübeck (no answer in time).",
    )
    assert "asking again changes nothing" in lines[3]
    both = (*gone, MarkedCell(row=0, column="middle", gaps={"bremen": "suppressed"}))
    assert by_year(suppressed=both).explain()["Missing"].lines[1] == (
        "· middle: 2 values are not shown, for want of bremen, hamburg (withheld by disclosure control)."
    )
    assert by_year().explain()["Missing"].lines == ("Nothing: every city is in every value.",)


def test_values_that_nobody_has_are_told_from_withheld_ones() -> None:
    withheld = MarkedCell(row=1, column="mean_days", gaps={"hamburg": "suppressed"})
    assert by_year(suppressed=(withheld,)).explain()["No values"].lines == (
        "middle: 1 value is NULL and is not withheld: no row there has a value.",
    )


def test_coarser_tables_of_the_cities_are_told_where_something_is_withheld() -> None:
    withheld = MarkedCell(row=1, column="mean_days", gaps={"hamburg": "suppressed"})
    offers = ("by_project (by project)", "by_track (by review_track in 2 groups)")
    reports = tuple(replace(answered(city), coarser_tables=offers) for city in ("bremen", "hamburg"))
    told = by_year(suppressed=(withheld,), cities=reports).explain()["Missing"].lines
    assert "is the city's secret" in told[-2]
    assert told[-1] == (
        "With less detail, bremen, hamburg publish: by_project (by project); by_track (by review_track in 2 groups)."
    )
    assert "With less detail" not in str(by_year(cities=reports).explain())


def test_error_bars_are_traced_to_the_bins_and_do_not_pass_through_arithmetic() -> None:
    interval = Interval(row=0, column="middle", lower=60, upper=90)
    lines = by_year(intervals=(interval,)).explain()["Error bars"].lines
    assert lines[0].startswith("middle: 1 of 2 values carry the interval that surely holds the true quantile")
    rounded = answer_of("SELECT ROUND(MEDIAN(days_to_issue)) AS middle FROM housing.permits", {"middle": [70.0]})
    assert "does not carry over" in rounded.explain()["Error bars"].lines[0]
    counted = answer_of("SELECT COUNT(*) AS n FROM housing.permits", {"n": [7]})
    assert counted.explain()["Error bars"].lines == ("None: the figures come from exact counts and sums.",)


def test_the_hashes_are_those_of_plan_and_query() -> None:
    answer = by_year()
    plan, query = answer.explain()["Hashes"].lines
    assert answer.plan_hash.hex() in plan
    assert answer.query_hash.hex() in query


def verdict(
    city: str, refusal: Refusal | None = None, table: str | None = None, *, coarser: bool = False
) -> CityWord[DryRun]:
    dry_run = DryRun(
        city=city,
        query_hash=bytes(32),
        answered_at=datetime(2024, 1, 1),
        level=Level.CONTROLLED,
        refusal=refusal,
        table=table,
        cells=1234 if table else None,
        cost_microrho=0,
        coarser_tables=("whole (no dimension)",) if coarser else (),
    )
    return CityWord(report=answered(city), word=dry_run)


def test_before_asking_it_names_the_published_tables_that_a_dry_run_found() -> None:
    late: CityWord[DryRun] = CityWord(report=CityReport(city="lübeck", state=Outcome.TIMED_OUT), word=None)
    refused = verdict("hamburg", refusal=Refusal(code="c", rule="r", remedy="m"))
    coarser = verdict("kiel", table="by_year", coarser=True)
    verdicts = (verdict("bremen", table="by_year"), refused, coarser, late)
    explained = explain_dry_run(
        DryRunAnswer(
            asked=statement(BY_YEAR),
            contracts=(PERMITS,),
            purpose="statistics",
            parts=(verdicts,),
            part_of=(0,),
            notes=(),
        )
    )
    assert explained["Cities"].lines == (
        "bremen: would answer at level controlled from its published table by_year, 1,234 cells.",
        "hamburg: would refuse (c): r; m.",
        "kiel: would answer at level controlled from its published table by_year, 1,234 cells. With less detail it "
        "publishes: whole (no dimension).",
        "lübeck: timed out.",
    )
    assert [part.heading for part in explained.parts] == [
        "Asked of the cities",
        "Computed at your side",
        "Columns",
        "Cities",
        "Hashes",
    ]


def test_a_league_explains_a_statement_by_asking_for_verdicts_alone(cities: SimulatedLeague) -> None:
    sql = "SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind"

    async def asked_async() -> Explanation:
        async with await hansa.connect_async(cities.profile) as league:
            return await league.explain(sql)

    with hansa.connect(cities.profile) as league:
        explained = league.explain(sql)
        assert explained["Asked of the cities"] == league.sql(sql).explain()["Asked of the cities"]
    assert explained["Cities"].lines[0].startswith("bremen: would answer at level")
    assert asyncio.run(asked_async()) == explained


def test_an_unknown_heading_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="there are: Asked of the cities, Computed at your side"):
        by_year().explain()["Missed"]


def test_a_part_that_says_nothing_is_no_part() -> None:
    with pytest.raises(ValueError, match="leave it out"):
        Part(heading="Empty", lines=())


def test_text_and_html_say_the_same_and_html_is_escaped() -> None:
    explained = by_year(notes=("Mind <this>.",)).explain()
    text, html = repr(explained), explained._repr_html_()
    assert "\nNotes\n  Mind <this>.\n" in text
    assert "<dt>Notes</dt><dd><div>Mind &lt;this&gt;.</div></dd>" in html
    assert all(f"<dt>{part.heading}</dt>" in html and part.heading in text for part in explained.parts)


def test_a_rich_console_shows_it_without_more_ado(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=100, color_system=None).print(by_year().explain())
    assert "│   AVG(days_to_issue)" in capsys.readouterr().out
