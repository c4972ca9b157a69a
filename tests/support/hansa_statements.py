"""The golden statements: where they are, how one is read, and what the recipe writes about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from hansa.question.options import Params
from hansa.question.parameters import read_parameters
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import plan_json
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import CityQuestion, Statement

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "statements.yaml"
INNER_GOLDEN = GOLDEN.with_name("inner_statements.yaml")
OUTER_GOLDEN = GOLDEN.with_name("outer_statements.yaml")
CITIES = ("los-angeles", "san-diego", "san-francisco", "seattle")
ASKED_AT = datetime(2024, 2, 29, 12)
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


CORPORA: Mapping[Path, Callable[[], Mapping[ContractId, Contract]]] = {
    GOLDEN: permits,
    INNER_GOLDEN: trips,
    OUTER_GOLDEN: trips,
}
"""The corpora, and the contract that each asks."""


def ask(sql: str, corpus: Path = GOLDEN, params: Params = ()) -> Statement:
    """The statement, in the demo league, beside an own table. `params`: the values of its parameters."""
    return parse_statement(sql, CORPORA[corpus](), CITIES, OWN, read_parameters(params), asked_at=ASKED_AT)


def expectation(sql: str, corpus: Path = GOLDEN, params: Params = ()) -> dict[str, Any]:
    """What the corpus records about the statement."""
    try:
        statement = ask(sql, corpus, params)
    except RefusedError as refusal:
        return {
            "refused": refusal.code,
            "field": refusal.field,
            "rule": refusal.rule,
            "remedy": refusal.remedy,
        }
    first, *further = map(_asked, statement.questions)
    return {
        **first,
        **({"further": further} if further else {}),
        "outer": statement.outer.sql,
        "columns": {
            column.name: f"{'passes' if column.passes_through else 'from'} {' '.join(column.depends_on)}".strip()
            for column in statement.outer.columns
        },
    }


def _asked(question: CityQuestion) -> dict[str, Any]:
    """What the corpus records about one question of a statement."""
    asked: dict[str, Any] = {
        "plan": plan_json(question.plan).decode(),
        "cities": None if question.cities is None else list(question.cities),
        "by_city": question.by_city,
    }
    if question.labels is not None:
        sets = [f"{list(one.labels)}: {', '.join(one.cities)}" for one in question.labels.sets]
        asked["labels"] = {", ".join(question.labels.words): sets}
    if question.over_some:
        asked["over_some"] = [f"{one.aggregate}: {', '.join(sorted(one.cities))}" for one in question.over_some]
    return asked


def read_golden(corpus: Path = GOLDEN) -> list[dict[str, Any]]:
    """The entries of the corpus."""
    entries: list[dict[str, Any]] = yaml.safe_load(corpus.read_text(encoding="utf-8"))
    return entries
