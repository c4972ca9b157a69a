"""Level controlled: a plan is answered from cells that were protected once, at ingest, and are only added up here."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from threading import Lock

from cachetools import LRUCache

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.groupings import stack
from hansa_core.plan.plan import Plan
from hansa_core.protection.coarser import coarser_tables
from hansa_core.protection.cover import Cover, find_covers
from hansa_node.answering.answering import BoundPlan, ProtectedCells
from hansa_node.answering.bound import bind_to_contract
from hansa_node.answering.published_tables import PublishedTables
from hansa_node.datasets.version import DatasetVersion
from hansa_node.engines.engine import too_many_cells
from hansa_node.engines.stop import Stop

_REMEMBERED_PARTS = 50_000  # a few megabytes


class ControlledAnswering:
    """An Answering over the published cells of one version, in memory. No row is in reach of it."""

    def __init__(self, version: DatasetVersion, contract: Contract, manifest: Manifest) -> None:
        self._contract = contract
        self._manifest = manifest
        self._published = PublishedTables(contract=contract, tables=version.published_cells(contract, manifest))
        self._covers: LRUCache[Plan, tuple[Cover, ...]] = LRUCache(maxsize=_REMEMBERED_PARTS, getsizeof=_parts_in)
        self._lock = Lock()

    def bind(self, plan: Plan) -> BoundPlan:
        """Check the plan and find the published cells that add up to the asked ones."""
        bound = bind_to_contract(plan, self._contract, Level.CONTROLLED)
        covers = self.covers_of(bound.plan)
        if sum(len(cover.cells) for cover in covers) > bound.max_cells:
            raise too_many_cells(bound.max_cells)
        read = frozenset(name for cover in covers for name in cover.tables)
        coarser = coarser_tables(read, self._contract, self._manifest)
        return replace(bound, covers=covers, coarser_tables=coarser)

    def price(self, bound: BoundPlan) -> tuple[LedgerCharge, ...]:
        """Nothing: what was published once is not charged again."""
        return ()

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """Add published cells up. A NULL moment is a suppressed one."""
        stop.check()
        parts = [self._published.read(cover) for cover in bound.covers]
        causes = Counter[str]()
        for part in parts:
            causes.update(part.causes)
        table = stack(bound.plan, self._contract, [part.table for part in parts])
        return ProtectedCells(table=table, causes=causes)

    def close(self) -> None:
        """Nothing is open: published cells are in memory."""

    def covers_of(self, plan: Plan) -> tuple[Cover, ...]:
        """For each grouping of the canonical plan, the published cells to add up. Raises RefusedError."""
        with self._lock:
            if plan in self._covers:
                return self._covers[plan]
        covers = find_covers(plan, self._contract, self._manifest)  # outside the lock: it may take long
        with self._lock, suppress(ValueError):  # too large to be remembered
            self._covers[plan] = covers
        return covers


def _parts_in(covers: tuple[Cover, ...]) -> int:
    return sum(1 + sum(1 + sum(map(len, cell.parts)) for cell in cover.cells) for cover in covers)
