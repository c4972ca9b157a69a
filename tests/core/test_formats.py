"""Formatted dates as keys: the cities group by the start of the part, and the text is written over the answer."""

from __future__ import annotations

import pytest

from hansa_core.errors import RefusedError
from hansa_core.sql.render import wording
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement
from hansa_strategies import TRIPS


def asked(sql: str) -> Statement:
    return parse_statement(sql, {TRIPS.id: TRIPS}, ["a"])


@pytest.mark.parametrize(
    ("formatted", "key"),
    [
        ("strftime(day, '%Y')", "DATE_TRUNC('year', day)"),
        ("strftime(day, '%b %Y')", "DATE_TRUNC('month', day)"),
        ("strftime(day, '%a %-d.%-m.%Y')", "DATE_TRUNC('day', day)"),
        ("strftime(day, '%G-W%V')", "DATE_TRUNC('week', day)"),
        ("to_char(started, 'YYYY-MM-DD HH24:MI')", "DATE_TRUNC('minute', started)"),
    ],
)
@pytest.mark.parametrize("group", ["{}", "1", "m", "ALL"])
def test_the_cities_group_by_the_start_of_what_a_format_tells(formatted: str, key: str, group: str) -> None:
    read = asked(f"SELECT {formatted} AS m, COUNT(*) FROM demo.trips GROUP BY {group.format(formatted)} ORDER BY m")
    assert [wording(one) for one in read.plan.keys] == [key]
    assert "STRFTIME(" in read.outer.sql


@pytest.mark.parametrize(
    "formatted", ["strftime(day, '%m')", "strftime(date_trunc('month', day), '%b')", "to_char(day, 'Day')"]
)
def test_a_format_that_takes_several_starts_for_one_is_refused(formatted: str) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(f"SELECT {formatted} AS m, COUNT(*) FROM demo.trips GROUP BY m")
    assert (refused.value.code, refused.value.field) == ("unknown_function", formatted)


def test_what_is_formatted_over_the_answer_stays_as_it_is() -> None:
    read = asked("SELECT strftime(day, '%B') AS m, strftime(MAX(started), '%H') AS h FROM demo.trips GROUP BY day")
    assert [wording(one) for one in read.plan.keys] == ["day"]
    assert "'%B'" in read.outer.sql
