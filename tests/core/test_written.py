"""A refusal quotes what was written, and what is valid SQL is read."""

from __future__ import annotations

import pytest

from hansa_core.errors import RefusedError
from hansa_core.sql.guard import read_query
from hansa_core.sql.render import render_plan
from hansa_core.sql.split import parse_statement
from hansa_core.sql.written import written
from hansa_strategies import TRIPS


def plan_of(sql: str) -> str:
    return render_plan(parse_statement(sql, {TRIPS.id: TRIPS}, ["a", "b"]).plan)


@pytest.mark.parametrize(
    ("sql", "field"),
    [
        ("SELECT SUM( Sinh(fare) ) FROM demo.trips", "Sinh(fare)"),
        ("SELECT COUNT(*) FROM demo.trips WHERE remark ~ 'a'", "remark ~ 'a'"),
        ("SELECT COUNT(*) FROM demo.trips WHERE ifnull( remark, 3)='a'", "ifnull( remark, 3)"),
        ("SELECT sum(remark::int) FROM demo.trips", "remark::int"),
        ("SELECT SUM(cast(remark as decimal(10,2))) FROM demo.trips", "cast(remark as decimal(10,2))"),
        ("SELECT CASE WHEN fare THEN 1 END FROM demo.trips GROUP BY 1", "CASE WHEN fare THEN 1 END"),
        ("SELECT Bool_Or( fare ) FROM demo.trips", "fare"),
        ("SELECT COUNT(*) FROM demo.trips GROUP BY GROUPING SETS ( Sinh(fare), zone)", "Sinh(fare)"),
        ("SELECT COUNT(*) FROM demo.trips WHERE started\n  - started > 3", "started - started"),
        ("SELECT listagg(mode) FROM demo.trips", "listagg(mode)"),
        ("SELECT SUM( fare ) Over () FROM demo.trips", "SELECT SUM( fare ) Over ()"),
        ("SELECT SUM(fare) OVER w FROM demo.trips WINDOW w AS ()", "SELECT SUM(fare) OVER w"),
    ],
)
def test_a_refusal_quotes_what_was_written(sql: str, field: str) -> None:
    with pytest.raises(RefusedError) as refused:
        plan_of(sql)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("group", "sets"),
    [
        ("ROLLUP (mode = 'bus')", "((1), ())"),
        ("CUBE (mode = 'bus', zone)", "((1, 2), (), (1), (2))"),
        ("GROUPING SETS (mode = 'bus', zone)", "((1), (2))"),
        (
            "GROUPING SETS ((mode = 'bus', zone), mode = 'bus', ROLLUP (zone, mode = 'bus'), ())",
            "((1, 2), (), (1), (2))",
        ),
    ],
)
def test_a_condition_may_be_rolled_up(group: str, sets: str) -> None:
    keys = "mode = 'bus', zone" if "zone" in group else "mode = 'bus'"
    meant = f"SELECT {keys}, COUNT(*) FROM demo.trips GROUP BY GROUPING SETS {sets}"
    assert plan_of(f"SELECT COUNT(*) FROM demo.trips GROUP BY {group}") == plan_of(meant)


def test_a_copied_node_keeps_its_place_in_the_one_statement() -> None:
    tree = read_query("SELECT COUNT(*) FROM demo.trips WHERE stops  >  3")
    where = tree.copy().args["where"]
    assert written(where) == "WHERE stops  >  3"
    notes = [{id(value) for value in found.meta.values() if not isinstance(value, int)} for found in where.walk()]
    originals = [{id(value) for value in found.meta.values() if not isinstance(value, int)} for found in tree.walk()]
    assert set().union(*notes) == set().union(*originals)


def test_the_parser_is_given_no_more_brackets_than_it_needs() -> None:
    plain = plan_of("SELECT COUNT(*) FROM demo.trips GROUP BY ROLLUP (mode, (zone, line))")
    assert plain == plan_of("SELECT COUNT(*) FROM demo.trips GROUP BY ROLLUP ((mode), (zone, line))")
