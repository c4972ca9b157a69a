"""Answers as a city signs them: a query hash bound to a release or to a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A protected partial, stored under its `ReleaseKey` and never changed.

    `partial_ipc`: an Arrow IPC stream whose schema is `hansa_core.partial.partial.partial_schema(plan, contract)`.
    """

    plan_hash: bytes
    contract: ContractId
    level: Level
    data_version: int
    protection_version: int
    partial_ipc: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a city does not answer: code, rule, remedy and field of a RefusedError; public, free of values."""

    code: str
    rule: str
    remedy: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAnswer:
    """A city's word on one query. Times are naive UTC, whole seconds. `nonce`: fresh, 16 bytes.

    `unwitnessed_since`: no quorum of witnesses has cosigned the city's log since then; None: not for long.
    `coarser_tables`: published tables with less detail than those that were read, in words.
    """

    city: str
    query_hash: bytes
    nonce: bytes
    answered_at: datetime
    outcome: Release | Refusal
    unwitnessed_since: datetime | None = None
    coarser_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a city would do with a query, without touching data. `refusal` None means it would answer.

    `table` names the published table that would answer at `controlled`; None elsewhere.
    `cells`: the number of cells that would come back, None where only the data could tell.
    `cost_microrho`: what the ledger would be charged; 0 without a budget. `coarser_tables`: as in an answer.
    """

    city: str
    query_hash: bytes
    answered_at: datetime
    level: Level | None
    refusal: Refusal | None
    table: str | None
    cells: int | None
    cost_microrho: int
    coarser_tables: tuple[str, ...] = ()
