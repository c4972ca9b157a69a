"""Hostile text: huge, deep or broken SQL is refused by a rule, and the interpreter lives on."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import RefusedError
from hansa_core.sql.guard import MAX_SQL_BYTES
from hansa_core.sql.split import parse_statement
from hansa_statements import ROOT, ask
from hansa_strategies import TRIPS

COUNT = "SELECT COUNT(*) FROM demo.trips WHERE "
DEEP: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "paid" + ")" * n,
    "open brackets": lambda n: "(" * n,
    "not": lambda n: "NOT " * n + "paid",
    "minus": lambda n: "- " * n + "1 = 1",
    "case": lambda n: "CASE WHEN " * n + "paid" + " THEN 1 END" * n,
    "sum": lambda n: "1" + "+1" * n + " = 1",
    "calls": lambda n: "abs(" * n + "1" + ")" * n + " = 1",
    "queries": lambda n: "(SELECT " * n + "1" + ")" * n,
    "casts": lambda n: "1" + "::INT" * n + " = 1",
    "lists": lambda n: "[" * n + "]" * n,
    "subscripts": lambda n: "mode" + "[1]" * n,
    "intervals": lambda n: "INTERVAL " * n,
    "comments": lambda n: "/*" * n,
    "lambdas": lambda n: "x -> " * n + "1",
    "is null": lambda n: "paid" + " IS NULL" * n,
}
_CHILD = """
import sys
from hansa_core.errors import RefusedError
from hansa_core.sql.split import parse_statement
try:
    parse_statement(sys.stdin.read(), {}, ())
except RefusedError as refusal:
    print(refusal.code)
"""


def refusal_in_a_process_of_its_own(sql: str) -> str:
    """The code, from a child: a parser that overruns its stack kills the child, not the tests."""
    child = subprocess.run(
        [sys.executable, "-c", _CHILD],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "core")},
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


@pytest.mark.parametrize("shape", DEEP)
def test_nesting_ten_thousand_deep_is_refused_without_a_crash(shape: str) -> None:
    code = refusal_in_a_process_of_its_own(COUNT + DEEP[shape](10_000))
    assert code in {"too_deep", "too_large", "unsupported_clause", "syntax_error"}
    if shape in {"brackets", "not", "minus", "sum", "calls", "queries"}:
        assert code == "too_deep"


@pytest.mark.parametrize("shape", DEEP)
@pytest.mark.parametrize("depth", [130, 200, 300, 600])
def test_nesting_past_the_limits_is_refused_by_a_rule(shape: str, depth: int) -> None:
    with pytest.raises(RefusedError):
        parse_statement(COUNT + DEEP[shape](depth), {TRIPS.id: TRIPS}, ())


@pytest.mark.parametrize("frames_left", [60, 150, 300, 450])
def test_a_caller_deep_in_its_own_stack_gets_a_refusal(frames_left: int) -> None:
    def descend(frames: int) -> None:
        if frames > 0:
            descend(frames - 1)
            return
        with pytest.raises(RefusedError, match="too_deep"):
            parse_statement(COUNT + DEEP["sum"](100), {TRIPS.id: TRIPS}, ())

    descend(sys.getrecursionlimit() - frames_left - len(inspect.stack(0)))


def test_a_filter_of_ten_megabytes_is_refused() -> None:
    terms = " OR ".join(f"mode = 'm{number}'" for number in range(500_000))
    assert len(terms) > 10_000_000 * 0.9
    assert refusal_in_a_process_of_its_own(COUNT + terms + " OR mode = '" + "x" * 1_000_000 + "'") == "too_large"


def test_the_limit_counts_bytes_not_characters() -> None:
    with pytest.raises(RefusedError, match="too_large"):
        ask(f"SELECT COUNT(*) FROM housing.permits WHERE project = '{'ß' * (MAX_SQL_BYTES // 2)}'")


def test_repeats_of_repeats_stay_within_the_budget() -> None:
    condition = "mode"
    for _ in range(20):
        condition = f"CASE {condition} WHEN 'a' THEN 'a' WHEN 'b' THEN 'b' WHEN 'c' THEN 'c' END"
    with pytest.raises(RefusedError, match=r"too_large|too_deep"):
        parse_statement(COUNT + f"{condition} = 'a'", {TRIPS.id: TRIPS}, ())


@pytest.mark.parametrize(
    "sql", ["SELECT '\0'", "SELECT '\ud800'", "SELECT 'open", 'SELECT "open', "SELECT $x$ open", "("]
)
def test_broken_text_is_a_syntax_error(sql: str) -> None:
    with pytest.raises(RefusedError, match="syntax_error"):
        ask(sql)


WORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "COUNT(*)", "SUM(", "(", ")", ",", ".", "*", "+", "-", "/"),
    *("=", "<>", "IN", "NOT", "AND", "OR", "IS", "NULL", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "FILTER"),
    *("city", "mode", "stops", "day", "demo.trips", "'a'", "1", "2.5", "AS", "n", "LIMIT", "ALL", "DISTINCT", "OVER"),
    *("CAST(", "::", "INT", "DATE", "EXTRACT(", "year", "bin(", "date_trunc(", ";", "'2024-01-01'", "LIKE", "x ->"),
    *(
        "q",
        "mine",
        "q.n",
        "n",
        "people",
        "RANK()",
        "LAG(",
        "PARTITION BY",
        "QUALIFY",
        "LEFT JOIN",
        "CROSS JOIN",
        "q AS (",
    ),
    *("UNION", "JOIN", "ON", "USING", "WITH", "HAVING", "WINDOW", "ROLLUP(", "INTERVAL", "?", "$1", "--", "/*", "*/"),
)


@given(words=st.lists(st.sampled_from(WORDS), max_size=25))
def test_any_text_is_read_or_refused_and_nothing_else(words: list[str]) -> None:
    nested = "WITH q AS (SELECT mode, COUNT(*) AS n FROM demo.trips GROUP BY mode) SELECT "
    prefixes = ("", "SELECT mode, COUNT(*) FROM demo.trips WHERE ", "SELECT COUNT(*), ", nested, nested + "n FROM q ")
    for prefix in prefixes:
        try:
            parse_statement(prefix + " ".join(words), {TRIPS.id: TRIPS}, ("ams",), {"mine": ("mode", "people")})
        except RefusedError as refusal:
            assert refusal.rule  # noqa: PT017  # any refusal is fine: only other errors are not
