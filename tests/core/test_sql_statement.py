"""How a statement is split: keys, aggregates, cities, and the outer SELECT."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import canonicalise
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import OuterColumn, OuterSelect
from hansa_statements import CITIES, ask, permits


def test_the_newest_version_is_read_unless_one_is_pinned() -> None:
    contracts = permits()
    first = contracts[ContractId("housing.permits", 1)]
    for version in (2, 10):
        contracts[ContractId("housing.permits", version)] = replace(first, id=ContractId("housing.permits", version))
    assert parse_statement("SELECT COUNT(*) FROM housing.permits", contracts, CITIES).plan.source.version == 10
    assert parse_statement('SELECT COUNT(*) FROM "housing.permits/2"', contracts, CITIES).plan.source.version == 2
    assert parse_statement('SELECT COUNT(*) FROM Housing."permits/2"', contracts, CITIES).plan.source.version == 2


def test_the_plan_is_canonical_and_the_outer_columns_follow_it() -> None:
    statement = ask(
        "SELECT SUM(days_to_issue) s, review_track r, COUNT(*) n, project FROM housing.permits GROUP BY ALL"
    )
    assert statement.plan == canonicalise(statement.plan)
    keys = dict(zip(statement.outer.key_columns, statement.plan.keys, strict=True))
    aggregates = dict(zip(statement.outer.aggregate_columns, statement.plan.aggregates, strict=True))
    total, track, rows, project = statement.outer.columns
    assert aggregates[total.depends_on[0]].column == "days_to_issue"
    assert aggregates[rows.depends_on[0]].column is None
    assert getattr(keys[track.depends_on[0]], "name", "") == "review_track"
    assert getattr(keys[project.depends_on[0]], "name", "") == "project"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "applied_on BETWEEN '2021-01-01' AND '2021-12-31'",
            "applied_on <= '2021-12-31' AND '2021-01-01' <= applied_on",
        ),
        ("project NOT IN ('adu', 'x')", "NOT (project = 'x' OR project = 'adu')"),
        ("days_to_issue IS NOT NULL", "NOT days_to_issue IS NULL"),
        ("year(applied_on) = 2020", "extract(year FROM applied_on) = 2020"),
        ("CASE project WHEN 'adu' THEN true END", "CASE WHEN project = 'adu' THEN true END"),
        ("days_to_issue > -(5)", "-5 < days_to_issue"),
        ("applied_on >= DATE '2021-01-01'", "'2021-01-01' <= applied_on"),
        ("applied_on >= CAST('2021-01-01' AS TIMESTAMP)", "applied_on >= TIMESTAMP '2021-01-01 00:00:00'"),
    ],
)
def test_two_spellings_of_a_filter_are_one_plan(one: str, other: str) -> None:
    plans = [ask(f"SELECT COUNT(*) FROM housing.permits WHERE {where}").plan for where in (one, other)]
    assert plans[0] == plans[1]


def test_an_outer_expression_knows_what_it_hides() -> None:
    statement = ask("SELECT coalesce(SUM(days_to_issue), 0) AS total, COUNT(*) AS n FROM housing.permits")
    total, rows = statement.outer.columns
    assert (total.passes_through, rows.passes_through) == (False, True)
    assert total.depends_on == rows.depends_on or set(total.depends_on) <= set(statement.outer.aggregate_columns)


def test_an_aggregate_in_order_by_alone_is_asked_too() -> None:
    statement = ask("SELECT project FROM housing.permits GROUP BY project ORDER BY COUNT(*) DESC")
    assert len(statement.plan.aggregates) == 1
    assert [column.name for column in statement.outer.columns] == ["project"]


def test_city_conditions_never_enter_the_plan() -> None:
    with_city = ask("SELECT city, COUNT(*) FROM housing.permits WHERE city = 'seattle' AND mature_cohort GROUP BY city")
    without = ask("SELECT COUNT(*) FROM housing.permits WHERE mature_cohort")
    assert with_city.plan == without.plan
    assert (with_city.cities, with_city.by_city) == (("seattle",), True)
    assert (without.cities, without.by_city) == (None, False)


def test_a_comment_cannot_carry_anything_outside() -> None:
    statement = ask("SELECT COUNT(*) /* */ + /* '; DROP */ 1 AS n FROM housing.permits ORDER BY /* hint */ 1")
    assert "DROP" not in statement.outer.sql


@pytest.mark.parametrize("name", ["getenv('HOME')", "current_user", "version()", "pg_catalog.version()", "random()"])
def test_the_outer_list_calls_only_what_is_listed(name: str) -> None:
    with pytest.raises(RefusedError):
        ask(f"SELECT COUNT(*), {name} FROM housing.permits")


def test_outer_columns_are_checked_at_birth() -> None:
    with pytest.raises(ValueError, match="passes through"):
        OuterColumn(name="n", depends_on=("a0", "a1"), passes_through=True)
    column = OuterColumn(name="n", depends_on=(), passes_through=False)
    with pytest.raises(ValueError, match="names of their own"):
        OuterSelect(sql="", columns=(column, replace(column, name="N")), key_columns=(), aggregate_columns=())
