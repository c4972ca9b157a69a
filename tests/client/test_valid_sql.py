"""SQL that DuckDB reads is answered or refused by name, with what was written and a remedy; none is unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from hansa.question.statement import read_question
from hansa_core.errors import RefusedError
from hansa_core.league.roster import Roster
from hansa_strategies import TRIPS
from hansa_trust_values import league_of


def those_that_are_sql(statements: Sequence[str]) -> list[str]:
    """Those that DuckDB's parser reads."""
    valid = []
    with duckdb.connect(":memory:") as connection:
        for one in statements:
            with suppress(duckdb.Error):
                valid += [one] if connection.extract_statements(one) else []
    return valid


STATEMENTS = those_that_are_sql(
    (Path(__file__).parents[1] / "golden" / "any_statements.sql").read_text(encoding="utf-8").splitlines()
)
NOT_QUOTED = ("SELECT *", "FROM", "statement", "FETCH FIRST ROWS ONLY", "INTERVAL '1' DAY")
"""What a refusal names where nothing was written for it, or the parser keeps nothing of how."""

_COLUMNS = {
    **dict.fromkeys(("BIGINT", "INTEGER", "TINYINT", "SMALLINT", "HUGEINT"), "zone"),
    **dict.fromkeys(("DOUBLE", "FLOAT", "DECIMAL"), "fare"),
    "DATE": "day",
    "TIMESTAMP": "started",
    "BOOLEAN": "paid",
}


_FUNCTIONS = """
    SELECT function_name, function_type, min(parameter_types) FROM duckdb_functions()
    WHERE function_type IN ('scalar', 'aggregate', 'macro') GROUP BY ALL ORDER BY ALL
"""


@pytest.fixture(scope="module")
def roster() -> Roster:
    return league_of("a", "b").roster


def refusal_of(sql: str, roster: Roster) -> RefusedError | None:
    try:
        read_question(sql, (), (), datetime(2024, 2, 29), contracts={TRIPS.id: TRIPS}, roster=roster)
    except RefusedError as refused:
        return refused
    return None


def check(sql: str, roster: Roster) -> None:
    refused = refusal_of(sql, roster)
    if refused is None:
        return
    assert refused.code != "syntax_error", sql
    assert refused.rule, sql
    assert refused.remedy, sql
    written = " ".join(sql.split()).lower()
    assert refused.field.removesuffix("…").lower() in written or refused.field in NOT_QUOTED, (sql, refused.field)


@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_statement_that_is_sql_is_never_called_unreadable(sql: str, roster: Roster) -> None:
    check(sql, roster)


def test_the_corpus_is_mostly_sql_and_much_of_it_is_answered(roster: Roster) -> None:
    assert len(STATEMENTS) > 300
    assert sum(refusal_of(one, roster) is None for one in STATEMENTS) > 90


def _calls() -> list[str]:
    """A call of every function that DuckDB has, over columns of the types that it takes."""
    with duckdb.connect(":memory:") as connection:
        found = connection.sql(_FUNCTIONS).fetchall()
    calls = []
    for name, kind, types in found:
        if str(name).replace("_", "").isalnum():
            call = f"{name}({', '.join(_COLUMNS.get(str(one), 'mode') for one in (types or [])[:4])})"
            shown, where = (call, "") if kind == "aggregate" else ("COUNT(*)", f" WHERE {call} IS NULL")
            calls.append(f"SELECT {shown} FROM demo.trips{where}")
    return calls


def test_every_function_of_duckdb_is_answered_or_refused_by_its_name(roster: Roster) -> None:
    calls = those_that_are_sql(_calls())
    assert len(calls) > 500
    for sql in calls:
        check(sql, roster)


@pytest.mark.parametrize(
    "sql",
    [
        *("SELECT COUNT(* FROM demo.trips", "SELECT COUNT(*) FROM demo.trips WHERE zone = = 1"),
        *("SELEC 1", "SELECT 'a FROM t"),
    ],
)
def test_what_is_no_sql_is_said_to_be_none(sql: str, roster: Roster) -> None:
    refused = refusal_of(sql, roster)
    assert refused is not None
    assert refused.code in ("syntax_error", "not_a_query")


def test_a_form_that_the_reader_does_not_know_is_named_and_quoted(roster: Roster) -> None:
    refused = refusal_of("SELECT COUNT(*) FROM demo.trips WHERE mode = x'6162'", roster)
    assert refused is not None
    assert (refused.code, refused.field) == ("unsupported_clause", "demo.trips WHERE mode = x'6162'")
    assert refused.rule == "this is SQL, but a form that no question has, at line 1, column 52"


@pytest.mark.parametrize(
    ("sql", "quoted"),
    [
        ("SELECT COUNT(*) FROM demo.trips WHERE zone = ANY (ARRAY[1, 2])", "ARRAY[1, 2]"),
        ("SELECT {'a': COUNT(*)} FROM demo.trips", "{'a': COUNT(*)}"),
        ("SELECT COUNT(*) FROM demo.trips WHERE mode[1:2] = 'bu'", "mode[1:2]"),
        ("SELECT QUANTILE_CONT(distance, [0.1, 0.5]) FROM demo.trips", "[0.1, 0.5]"),
    ],
)
def test_lists_and_subscripts_are_quoted(sql: str, quoted: str, roster: Roster) -> None:
    refused = refusal_of(sql, roster)
    assert refused is not None
    assert (refused.code, refused.field) == ("unsupported_clause", quoted)
    assert "x IN (1, 2)" in refused.remedy
