"""The corpus of inner functions and rewrites: what each statement becomes, and a rewrite for what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hansa_core.contract.level import Level
from hansa_core.plan.check import check_plan
from hansa_statements import INNER_GOLDEN, ask, expectation, read_golden, trips

ENTRIES = read_golden(INNER_GOLDEN)


@pytest.mark.parametrize("entry", ENTRIES, ids=[str(entry["sql"])[:80] for entry in ENTRIES])
def test_a_statement_becomes_what_the_corpus_says(entry: dict[str, Any]) -> None:
    recorded = {name: value for name, value in entry.items() if name not in ("sql", "rewrite")}
    assert expectation(entry["sql"], INNER_GOLDEN) == recorded


@pytest.mark.parametrize("sql", sorted({str(entry.get("rewrite", entry["sql"])) for entry in ENTRIES}))
def test_what_is_asked_or_rewritten_is_a_question_at_open(sql: str) -> None:
    if any("refused" in entry and "rewrite" not in entry for entry in ENTRIES if entry["sql"] == sql):
        return  # refused for good, as the corpus says
    (contract,) = trips().values()
    check_plan(ask(sql, INNER_GOLDEN).plan, contract, Level.OPEN)


def test_a_statement_is_in_the_corpus_once() -> None:
    written = [entry["sql"] for entry in ENTRIES]
    assert len(set(written)) == len(written) >= 110
