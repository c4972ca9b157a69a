"""Duties of a protection level: it binds a plan to a dataset, prices it, and computes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.partial.release_key import NO_PARAMETERS
from hansa_core.plan.plan import Plan
from hansa_core.protection.cover import Cover
from hansa_node.engines.stop import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundPlan:
    """A plan that one dataset can answer at its level.

    `plan`: canonical. `max_cells`: how many cells fit into one answer. `cost`: static, as
    `cost_of` counts it. `covers`: for each grouping of the plan, the
    published cells that add up to the asked ones; empty where rows are read instead.
    `parameters`: of its releases, as in `ReleaseKey`.
    `coarser_tables`: published tables with less detail, in words.
    """

    plan: Plan
    plan_hash: bytes
    max_cells: int
    cost: int
    covers: tuple[Cover, ...] = ()
    parameters: str = NO_PARAMETERS
    coarser_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedCells:
    """What may be released. `table`: one row per cell in `partial_schema`, a suppressed moment NULL.

    `causes`: how many cells lack a figure, by the rule that suppressed it.
    """

    table: pa.Table
    causes: Mapping[str, int]


class Answering(Protocol):
    """Answers plans over one version of a dataset, at the level that its manifest declares."""

    def bind(self, plan: Plan) -> BoundPlan:
        """Check the plan and find what answers it, without looking at any row.

        Raises RefusedError where the plan breaks a rule of the contract, the level or the published tables.
        """

    def price(self, bound: BoundPlan) -> tuple[LedgerCharge, ...]:
        """What an answer that is computed anew is charged, at most once to each ledger."""

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """The cells as they may be released.

        Raises RefusedError `too_many_cells` where only the data tell how many cells there are, and AbandonedError soon
        after `stop` is pulled.
        """

    def close(self) -> None:
        """Let go of what is open; nothing is asked afterwards."""
