"""A question that was read, checked and signed: what it asks, and what its answer has to fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa_core.plan.query import Query
    from hansa_core.sql.parameters import Parameter
    from hansa_core.sql.statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an answer must be about, and its entry in the log.

    `plan`: canonical; `query_hash`, `plan_hash`: SHA-256. `level`: the one at which to answer; None: each city's own.
    """

    query_hash: bytes
    plan_hash: bytes
    plan: Plan
    contract: Contract
    organisation: str
    purpose: str
    level: Level | None = None

    @classmethod
    def to(cls, query: Query, query_hash: bytes, plan: Plan, contract: Contract, organisation: str) -> Expected:
        """What an answer to a signed query must be about. `plan`: that of the query, canonical."""
        return cls(
            query_hash=query_hash,
            plan_hash=plan_hash(plan),
            plan=plan,
            contract=contract,
            organisation=organisation,
            purpose=query.purpose,
            level=query.level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPart:
    """One query of a question. `cities`: the addressed ones, by name. `min_cities`: how many of them have to answer."""

    expected: Expected
    cities: tuple[str, ...]
    min_cities: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """A question as it was asked, and how its answer is to be shaped.

    `statement`: the analyst's SQL; `parameters`: the values of its parameters; `asked`: what both mean. `asked_at`:
    naive UTC in whole seconds. `parts`: the queries that were sent, most often one. `part_of`: of each question in
    `asked` the place of the query that answers it. `partial`: whether a value may lack a city. `tables`: the analyst's
    own, by name in lower case. `coordinator_ahead_s`: how far the coordinator's clock was ahead of the analyst's, in
    seconds; None: not heard.
    """

    statement: str
    asked_at: datetime
    asked: Statement
    parts: tuple[QuestionPart, ...]
    part_of: tuple[int, ...]
    partial: bool
    tables: Mapping[str, pa.Table]
    parameters: tuple[Parameter, ...] = ()
    coordinator_ahead_s: int | None = None
