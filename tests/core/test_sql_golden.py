"""The golden corpus: what each statement becomes, and a rewrite that works for what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hansa_core.contract.level import Level
from hansa_core.plan.check import check_plan
from hansa_statements import ask, expectation, permits, read_golden

ENTRIES = read_golden()


def test_the_corpus_has_both_answers_and_refusals() -> None:
    refused = [entry for entry in ENTRIES if "refused" in entry]
    assert len(refused) >= 100
    assert len(ENTRIES) - len(refused) >= 90


@pytest.mark.parametrize("entry", ENTRIES, ids=[str(entry["sql"])[:80] or "empty" for entry in ENTRIES])
def test_a_statement_becomes_what_the_corpus_says(entry: dict[str, Any]) -> None:
    recorded = {name: value for name, value in entry.items() if name not in ("sql", "rewrite")}
    assert expectation(entry["sql"]) == recorded


@pytest.mark.parametrize("rewrite", sorted({str(entry["rewrite"]) for entry in ENTRIES if "rewrite" in entry}))
def test_a_rewrite_works(rewrite: str) -> None:
    statement = ask(rewrite)
    check_plan(statement.plan, permits()[statement.plan.source], Level.OPEN)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if "refused" in entry])
def test_a_refusal_names_the_clause_the_rule_and_the_remedy(entry: dict[str, Any]) -> None:
    assert entry["field"]
    assert entry["rule"]
    assert entry["remedy"]
