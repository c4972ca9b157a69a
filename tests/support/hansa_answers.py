"""Answers as the SDK gives them, without a league: a statement, and the table that it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import yaml

from hansa.answer import Answer, AnswerColumn
from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.marked_cells import MarkedCells
from hansa.answering.shaped import AnsweredQuestion
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.level import Level
from hansa_core.plan.canonical import plan_hash
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement

CITIES = ("bremen", "hamburg", "lübeck")
_FILE = Path(__file__).parents[2] / "contracts" / "housing.permits.1.yaml"
PERMITS: Contract = contract_from_document(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def statement(sql: str, tables: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Statement:
    """The statement about `housing.permits`, asked in a league of `CITIES`. `tables`: the columns of own tables."""
    return parse_statement(sql, {PERMITS.id: PERMITS}, CITIES, tables)


def answered(city: str) -> CityReport:
    return CityReport(city=city, state=Outcome.ANSWERED, level=Level.CONTROLLED, data_version=3, proven=True)


def answer_of(
    sql: str,
    values: Mapping[str, Sequence[Any]] | pa.Table,
    tables: Mapping[str, Sequence[str]] = MappingProxyType({}),
    /,
    **changes: Any,
) -> Answer:
    """What `sql` would be answered with, were these its columns; every city in it, unless `changes` say otherwise."""
    asked = statement(sql, tables)
    measured = {
        column.name: any(name in asked.outer.aggregate_columns for name in column.depends_on)
        for column in asked.outer.columns
    }
    question: dict[str, Any] = {
        "asked": asked.questions[0],
        "contract": PERMITS,
        "plan_hash": plan_hash(asked.plan),
        "query_hash": bytes(range(32)),
        "cities": tuple(map(answered, CITIES)),
        "min_cities": len(CITIES),
    }
    question |= {name: changes.pop(name) for name in question if name in changes}
    given: dict[str, Any] = {
        "table": values if isinstance(values, pa.Table) else pa.table(dict(values)),
        "columns": tuple(AnswerColumn(name=name, measured=is_measured) for name, is_measured in measured.items()),
        "questions": (AnsweredQuestion(**question),),
        "suppressed": (),
        "partial": (),
        "notes": (),
        "outer": asked.outer,
        "purpose": "statistics",
        "evidence": None,  # nothing of it is shown
    }
    given |= changes
    for marks in ("suppressed", "partial"):
        given[marks] = MarkedCells.of(given[marks])
    return Answer(**given)
