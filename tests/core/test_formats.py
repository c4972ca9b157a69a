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
    ("formatted", "keys"),
    [
        ("strftime(day, '%m')", ["EXTRACT(MONTH FROM day)"]),
        ("strftime(day, '%b %B %-m')", ["EXTRACT(MONTH FROM day)"]),
        ("strftime(started, '%A %H:00')", ["EXTRACT(HOUR FROM started)", "EXTRACT(ISODOW FROM started)"]),
        ("strftime(day, '%Y-W%V')", ["EXTRACT(WEEK FROM day)", "EXTRACT(YEAR FROM day)"]),
        ("strftime(day, '%j')", ["EXTRACT(DAYOFYEAR FROM day)"]),
        ("to_char(day, 'YYYY-\"Q\"Q')", ["EXTRACT(QUARTER FROM day)", "EXTRACT(YEAR FROM day)"]),
        ("to_char(started, 'FMDay HH12 AM')", 3),
    ],
)
def test_parts_that_are_no_start_are_keys_of_their_own(formatted: str, keys: list[str] | int) -> None:
    read = asked(f"SELECT {formatted} AS m, COUNT(*) FROM demo.trips GROUP BY m")
    found = [wording(one) for one in read.plan.keys]
    assert found == keys if isinstance(keys, list) else len(found) == keys
    assert read.outer.columns[0].name == "m"


@pytest.mark.parametrize(
    "group",
    ["ROLLUP ({0}, mode)", "ROLLUP (1, 2)", "CUBE (m, mode)", "GROUPING SETS (({0}, mode), (mode), ())", "({0}), mode"],
)
@pytest.mark.parametrize("formatted", ["strftime(day, '%Y-%m')", "strftime(started, '%a %H')"])
def test_a_format_is_one_key_of_a_total(formatted: str, group: str) -> None:
    sql = f"SELECT {formatted} AS m, mode, COUNT(*) FROM demo.trips GROUP BY {group.format(formatted)}"
    read = asked(sql)
    parts = [number for number, key in enumerate(read.plan.keys) if wording(key) != "mode"]
    assert all({*parts} <= {*kept} or {*parts}.isdisjoint(kept) for kept in read.plan.groupings)
    assert len(read.plan.groupings) > 1 or "mode" in group


def test_formatted_dates_are_counted_as_their_starts_are() -> None:
    read = asked("SELECT COUNT(DISTINCT strftime(day, '%Y-%m')) FROM demo.trips")
    assert [wording(one) for one in read.plan.keys] == ["DATE_TRUNC('month', day)"]


@pytest.mark.parametrize(
    "formatted",
    [
        "strftime(started, '%f')",
        "strftime(day, 'x')",
        "to_char(day, 'Day')",
        "to_char(day, 'J')",
    ],
)
def test_a_format_that_tells_nothing_or_is_not_known_is_refused(formatted: str) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(f"SELECT {formatted} AS m, COUNT(*) FROM demo.trips GROUP BY m")
    assert (refused.value.code, refused.value.field) == ("unknown_function", formatted)
    assert refused.value.remedy


def test_a_format_that_takes_several_days_for_one_is_grouped_by_as_a_text() -> None:
    read = asked("SELECT strftime(day, '%-m%-d') AS m, COUNT(*) FROM demo.trips GROUP BY m")
    assert [wording(one) for one in read.plan.keys] == [
        "TRY_CAST(EXTRACT(MONTH FROM day) AS TEXT) || TRY_CAST(EXTRACT(DAY FROM day) AS TEXT)"
    ]


def test_what_is_formatted_over_the_answer_stays_as_it_is() -> None:
    read = asked("SELECT strftime(day, '%B') AS m, strftime(MAX(started), '%H') AS h FROM demo.trips GROUP BY day")
    assert [wording(one) for one in read.plan.keys] == ["day"]
    assert "'%B'" in read.outer.sql
