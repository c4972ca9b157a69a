"""What an analyst is refused before anything is sent, each with the code that the documentation names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import hansa as sdk
from hansa_league.founding.create import create_league
from hansa_simulated_city import CONTRACT_TEXT, SimulatedLeague

FROM = "FROM harbour.ships"
MANY = ", ".join(f"COUNT(*) FILTER (WHERE year = {1300 + number})" for number in range(64))
KEYS = ", ".join(f"year + {number}" for number in range(9))
DEEP = "+ 1 " * 40
LONG = ", ".join(map(str, range(6000)))


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[sdk.League]:
    with sdk.connect(served.profile) as connected:
        yield connected


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("cannot_split", f"SELECT COUNT(*) {FROM} WHERE tons > (SELECT AVG(tons) {FROM})"),
        ("city_misplaced", f"SELECT COUNT(*) {FROM} WHERE kind = city"),
        ("no_bins", f"SELECT MEDIAN(tons) {FROM}"),
        ("no_bounds", f"SELECT SUM(TRY_CAST(kind AS DOUBLE)) {FROM}"),
        ("not_a_query", "DELETE FROM harbour.ships"),
        ("not_grouped", f"SELECT kind, quay, COUNT(*) {FROM} GROUP BY kind"),
        ("not_total", f"SELECT COUNT(*) {FROM} WHERE CAST(kind AS INTEGER) = 1"),
        ("rows_requested", f"SELECT * {FROM}"),
        ("several_statements", f"SELECT COUNT(*) {FROM}; SELECT COUNT(*) {FROM}"),
        ("syntax_error", f"SELECT COUNT(* {FROM}"),
        ("too_deep", f"SELECT COUNT(*) {FROM} WHERE year {DEEP} = 1"),
        ("too_large", f"SELECT COUNT(*) {FROM} WHERE year IN ({LONG})"),
        ("too_many_aggregates", f"SELECT COUNT(*), {MANY} {FROM}"),
        ("too_many_keys", f"SELECT COUNT(*) {FROM} GROUP BY {KEYS}"),
        ("unknown_city", f"SELECT COUNT(*) {FROM} WHERE city = 'visby'"),
        ("unknown_column", f"SELECT SUM(ells) {FROM}"),
        ("unknown_contract", "SELECT COUNT(*) FROM harbour.sheep"),
        ("unknown_function", f"SELECT COUNT(*) {FROM} WHERE soundex(kind) = 'c'"),
        (
            "unknown_table",
            f"WITH q AS (SELECT kind, COUNT(*) AS n {FROM} GROUP BY kind) SELECT n FROM q CROSS JOIN ports",
        ),
        ("unsupported_clause", f"SELECT COUNT(*) {FROM} TABLESAMPLE 10%"),
        ("wrong_parameter", f"SELECT COUNT(*) {FROM} WHERE year = $year"),
        ("wrong_type", f"SELECT SUM(kind) {FROM}"),
    ],
)
def test_a_statement_is_refused_with_its_code(league: sdk.League, code: str, statement: str) -> None:
    with pytest.raises(sdk.RefusedError) as refused:
        league.sql(statement)
    assert refused.value.code == code
    assert refused.value.rule
    assert refused.value.remedy


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.League]:
    """A league whose floor is `controlled`; none of its cities and no coordinator runs."""
    folder = tmp_path_factory.mktemp("guarded")
    contract = folder / "ships.yaml"
    contract.write_text(CONTRACT_TEXT.replace("least_level: open", "least_level: controlled"), encoding="utf-8")
    create_league(folder / "league", name="hanse", cities=("bremen",), contracts=[contract])
    with sdk.connect(folder / "league" / "profile.toml") as connected:
        yield connected


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("identifier", f"SELECT ship, COUNT(*) {FROM} GROUP BY ship"),
        ("not_a_key", f"SELECT tons, COUNT(*) {FROM} GROUP BY tons"),
    ],
)
def test_a_statement_that_no_city_may_answer_below_open_is_refused_with_its_code(
    guarded: sdk.League, code: str, statement: str
) -> None:
    with pytest.raises(sdk.RefusedError) as refused:
        guarded.sql(statement)
    assert refused.value.code == code
    assert refused.value.rule
    assert refused.value.remedy


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("code", "options"), [("min_cities", {"min_cities": 4}), ("purpose_not_allowed", {"purpose": "curiosity"})]
)
def test_options_that_no_question_can_have_are_refused_with_their_code(
    league: sdk.League, code: str, options: dict[str, Any]
) -> None:
    with pytest.raises(sdk.RefusedError) as refused:
        league.sql(f"SELECT COUNT(*) {FROM}", **options)
    assert refused.value.code == code
