"""The golden statements: where they are, how one is read, and what the recipe writes about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import plan_json
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "statements.yaml"
INNER_GOLDEN = GOLDEN.with_name("inner_statements.yaml")
CITIES = ("los-angeles", "san-diego", "san-francisco", "seattle")
OWN = {"population": ("city", "region", "people")}


def permits() -> dict[ContractId, Contract]:
    """The league's contract, as published."""
    return _published("housing.permits.1.yaml")


def trips() -> dict[ContractId, Contract]:
    """A contract whose least level is open, so that a question may compute with its columns."""
    return _published("mobility.trips.1.yaml")


def _published(name: str) -> dict[ContractId, Contract]:
    contract = contract_from_document(yaml.safe_load((ROOT / "contracts" / name).read_text(encoding="utf-8")))
    return {contract.id: contract}


CORPORA: Mapping[Path, Callable[[], Mapping[ContractId, Contract]]] = {GOLDEN: permits, INNER_GOLDEN: trips}
"""The corpora, and the contract that each asks."""


def ask(sql: str, corpus: Path = GOLDEN) -> Statement:
    """The statement, in the demo league, beside an own table."""
    return parse_statement(sql, CORPORA[corpus](), CITIES, OWN)


def expectation(sql: str, corpus: Path = GOLDEN) -> dict[str, Any]:
    """What the corpus records about the statement."""
    try:
        statement = ask(sql, corpus)
    except RefusedError as refusal:
        return {
            "refused": refusal.code,
            "field": refusal.field,
            "rule": refusal.rule,
            "remedy": refusal.remedy,
        }
    return {
        "plan": plan_json(statement.plan).decode(),
        "cities": None if statement.cities is None else list(statement.cities),
        "by_city": statement.by_city,
        "outer": statement.outer.sql,
        "columns": {
            column.name: f"{'passes' if column.passes_through else 'from'} {' '.join(column.depends_on)}".strip()
            for column in statement.outer.columns
        },
    }


def read_golden(corpus: Path = GOLDEN) -> list[dict[str, Any]]:
    """The entries of the corpus."""
    entries: list[dict[str, Any]] = yaml.safe_load(corpus.read_text(encoding="utf-8"))
    return entries
