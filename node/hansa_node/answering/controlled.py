"""Level controlled: a plan is answered from cells that were protected once, at ingest, and are only added up here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from threading import Lock

import numpy as np
import pyarrow as pa
from cachetools import LRUCache

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.groupings import stack
from hansa_core.partial.partial import MOMENT_TYPE, columns_of_partial, partial_from_rows
from hansa_core.partial.wholes import all_of
from hansa_core.plan.plan import Plan
from hansa_core.protection.cover import Cover, find_covers
from hansa_core.protection.publish import Cause
from hansa_node.answering.answering import BoundPlan, ProtectedCells
from hansa_node.answering.bound import bind_to_contract
from hansa_node.datasets.published_file import figure_column
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
        return replace(bound, covers=covers)

    def price(self, bound: BoundPlan) -> tuple[LedgerCharge, ...]:
        """Nothing: what was published once is not charged again."""
        return ()

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """Add published cells up. A NULL moment is a suppressed one."""
        stop.check()
        table = stack(bound.plan, self._contract, [self._published.read(cover) for cover in bound.covers])
        _, moments = columns_of_partial(table, bound.plan, self._contract)
        suppressed = int(np.count_nonzero(~all_of([moment.known for moment in moments.values()])))
        return ProtectedCells(table=table, causes={Cause.THRESHOLD: suppressed} if suppressed else {})

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTables:
    """All published cells of one dataset version: the figures of each table by the numbers of its cells."""

    contract: Contract
    tables: Mapping[str, pa.Table]

    def read(self, cover: Cover) -> pa.Table:
        """The question's cells in `partial_schema`. A moment with a suppressed cell among its parts is NULL."""
        table = self.tables[cover.table]
        moments = [
            _sums(table.column(figure_column(figure)), [cell.parts[place] for cell in cover.cells])
            for place, figure in enumerate(cover.figures)
        ]
        rows: list[tuple[Value | None, ...]] = [
            (*cell.key, *values) for cell, values in zip(cover.cells, zip(*moments, strict=True), strict=True)
        ]
        return partial_from_rows(cover.plan, self.contract, rows)


def _sums(column: pa.ChunkedArray, parts: Sequence[tuple[int, ...]]) -> list[int | None]:
    """Per cell of the answer, the sum of its parts; of no parts 0; None if one of them is suppressed."""
    assert column.type == MOMENT_TYPE
    values = iter(column.take(pa.array(chain.from_iterable(parts), type=pa.int64())).to_pylist())
    sums: list[int | None] = []
    for cells in parts:
        figures = [next(values) for _ in cells]
        sums.append(None if None in figures else sum(map(int, figures)))
    return sums


def _parts_in(covers: tuple[Cover, ...]) -> int:
    return sum(1 + sum(1 + sum(map(len, cell.parts)) for cell in cover.cells) for cover in covers)
