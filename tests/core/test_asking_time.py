"""CURRENT_DATE and the like: a literal of the question, so that a plan, its hash and a replay mean one day."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from hansa_core.errors import RefusedError
from hansa_core.sql.asking_time import DATES, TIMESTAMPS, may_ask_for_time
from hansa_core.sql.render import render_plan, wording
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement
from hansa_strategies import TRIPS

ASKED_AT = datetime(2024, 2, 29, 23, 59, 58)
BARE = ("current_date", "current_timestamp", "localtimestamp")


def asked(sql: str, at: datetime | None = ASKED_AT) -> Statement:
    return parse_statement(sql, {TRIPS.id: TRIPS}, ["a"], asked_at=at)


def where(condition: str) -> str:
    return render_plan(asked(f"SELECT COUNT(*) FROM demo.trips WHERE {condition}").plan).partition(" WHERE ")[2]


@pytest.mark.parametrize("spelling", [*(f"{name}()" for name in (*DATES, *TIMESTAMPS)), *BARE, *map(str.upper, BARE)])
def test_every_spelling_is_the_time_of_asking(spelling: str) -> None:
    is_day = spelling.lower().removesuffix("()") in DATES
    condition = f"{'day' if is_day else 'started'} < {spelling}"
    moment = "CAST('2024-02-29' AS DATE)" if is_day else "CAST('2024-02-29 23:59:58' AS TIMESTAMP)"
    assert where(condition).endswith(f"< {moment}")
    (fixed,) = asked(f"SELECT COUNT(*) FROM demo.trips WHERE {condition}").fixed
    assert fixed.value.value == (ASKED_AT.date() if is_day else ASKED_AT)
    assert fixed.text.lower().removesuffix("()") == spelling.lower().removesuffix("()")
    assert may_ask_for_time(condition)


@pytest.mark.parametrize(
    ("condition", "means"),
    [
        ("day >= CURRENT_DATE - INTERVAL 30 DAY", date(2024, 1, 30)),
        ("day >= CURRENT_DATE - 30", date(2024, 1, 30)),
        ("day >= CURRENT_DATE - INTERVAL '1 year'", date(2023, 2, 28)),
        ("day >= date_add(CURRENT_DATE, INTERVAL 1 DAY)", date(2024, 3, 1)),
        ("day >= date_trunc('month', now())::DATE", date(2024, 2, 1)),
        ("day >= CAST(now() AS DATE)", date(2024, 2, 29)),
    ],
)
def test_what_is_computed_from_it_is_computed_when_the_question_is_read(condition: str, means: date) -> None:
    assert where(condition) == f"\"day\" >= CAST('{means}' AS DATE)"


def test_a_question_asked_on_another_day_is_another_question() -> None:
    sql = "SELECT COUNT(*) FROM demo.trips WHERE day = CURRENT_DATE"
    plans = {asked(sql, datetime(2024, 1, day)).plan for day in (1, 1, 2)}
    assert len(plans) == 2


def test_over_the_answer_it_is_the_same_day_under_the_name_that_was_written() -> None:
    read = asked("SELECT mode, CURRENT_DATE, now(), coalesce(MAX(day), current_date) AS ago FROM demo.trips GROUP BY 1")
    assert [column.name for column in read.outer.columns] == ["mode", "CURRENT_DATE", "now()", "ago"]
    assert read.outer.sql.count("2024-02-29") == 3
    assert [wording(one) for one in read.plan.aggregates] == ["MAX(day)"]


@pytest.mark.parametrize(
    ("call", "at", "rule"),
    [
        ("current_date('UTC')", ASKED_AT, "takes no zone"),
        ("current_timestamp(3)", ASKED_AT, "takes no zone"),
        ("now(1)", ASKED_AT, "takes no zone"),
        ("today()", None, "the time of asking is not known here"),
    ],
)
def test_a_zone_a_precision_and_an_unknown_time_are_refused(call: str, at: datetime | None, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(f"SELECT COUNT(*) FROM demo.trips WHERE day = {call}", at)
    assert rule in refused.value.rule
    assert refused.value.field == call


def test_a_refusal_quotes_what_was_written_in_its_place() -> None:
    with pytest.raises(RefusedError) as refused:
        asked("SELECT COUNT(*) FROM demo.trips WHERE mode = today()")
    assert "today()" in refused.value.field


def test_a_text_that_only_names_it_asks_for_no_time() -> None:
    assert asked("SELECT COUNT(*) FROM demo.trips WHERE mode = 'now'").fixed == ()
    assert not may_ask_for_time("SELECT nowhere FROM today_s")
