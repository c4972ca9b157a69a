"""The corpus of city sets, outer constructs and parameters: what each statement becomes, or a rewrite that works."""

from __future__ import annotations

from typing import Any

import pytest

from hansa_core.contract.level import Level
from hansa_core.plan.check import check_plan
from hansa_statements import OUTER_GOLDEN, ask, expectation, read_golden, trips

ENTRIES = read_golden(OUTER_GOLDEN)
REFUSED = [entry for entry in ENTRIES if "refused" in entry]


def _id(entry: dict[str, Any]) -> str:
    return str(entry["sql"])[-80:]


@pytest.mark.parametrize("entry", ENTRIES, ids=_id)
def test_a_statement_becomes_what_the_corpus_says(entry: dict[str, Any]) -> None:
    recorded = {name: value for name, value in entry.items() if name not in ("sql", "params", "rewrite")}
    assert expectation(entry["sql"], OUTER_GOLDEN, entry.get("params", ())) == recorded


@pytest.mark.parametrize("entry", REFUSED, ids=_id)
def test_a_refusal_names_clause_and_remedy_and_its_rewrite_is_a_question(entry: dict[str, Any]) -> None:
    assert entry["field"]
    assert entry["remedy"]
    (contract,) = trips().values()
    for question in ask(entry["rewrite"], OUTER_GOLDEN).questions:
        check_plan(question.plan, contract, Level.OPEN)


def test_a_statement_is_in_the_corpus_once() -> None:
    asked = [(entry["sql"], str(entry.get("params"))) for entry in ENTRIES]
    assert len(set(asked)) == len(asked) >= 150
    assert len(REFUSED) < len(ENTRIES) / 3
