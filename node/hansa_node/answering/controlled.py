"""Level controlled: a plan is answered from cells that were protected once, at ingest, and are only added up here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cachetools import LRUCache

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.contract.types import INT64_MAX
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.array_values import array_from_numbers, one_array, wholes_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.groupings import stack
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.partial import MOMENT_TYPE, partial_schema
from hansa_core.partial.wholes import Wholes, magnitude
from hansa_core.plan.plan import Plan
from hansa_core.protection.cover import Cover, find_covers
from hansa_core.protection.publish import Cause
from hansa_node.answering.answering import BoundPlan, ProtectedCells
from hansa_node.answering.bound import bind_to_contract
from hansa_node.datasets.published_file import CAUSE_COLUMN, figure_column
from hansa_node.datasets.version import DatasetVersion
from hansa_node.engines.engine import too_many_cells
from hansa_node.engines.stop import Stop

_SHOWN = len(Cause)  # beyond every cause
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


class PublishedTables:
    """All published cells of one dataset version. `tables`: as `DatasetVersion.published_cells` gives them."""

    def __init__(self, *, contract: Contract, tables: Mapping[str, pa.Table]) -> None:
        self._contract = contract
        self._tables = tables
        self._causes = {name: _cause_codes(table.column(CAUSE_COLUMN)) for name, table in tables.items()}

    def read(self, cover: Cover) -> ProtectedCells:
        """The question's cells. A moment with a suppressed cell among its parts is NULL; the cell then counts under the
        first cause, in the order of `Cause`, of all such parts."""
        table, causes = self._tables[cover.table], self._causes[cover.table]
        moments: list[MomentColumn] = []
        first = np.full(len(cover.cells), _SHOWN)
        for place, figure in enumerate(cover.figures):
            parts = _Parts([cell.parts[place] for cell in cover.cells])
            suppressed_for = parts.least(causes)
            first = np.minimum(first, suppressed_for)
            moments.append(MomentColumn(parts.sums(table.column(figure_column(figure))), suppressed_for == _SHOWN))
        kinds = partial_schema(cover.plan, self._contract).types
        columns = zip(*(cell.key for cell in cover.cells), strict=True) if cover.cells else iter([()] * len(kinds))
        keys = [array_of(values, kind) for values, kind in zip(columns, kinds[: cover.plan.key_width], strict=False)]
        return ProtectedCells(
            table=partial_from_columns(cover.plan, self._contract, keys, moments),
            causes={cause: int(np.count_nonzero(first == code)) for code, cause in enumerate(Cause) if code in first},
        )


class _Parts:
    """For each cell of an answer, the numbers of the published cells that it is made of."""

    def __init__(self, parts: Sequence[tuple[int, ...]]) -> None:
        sizes = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
        self._longest = int(sizes.max(initial=0))
        self._numbers = np.fromiter(chain.from_iterable(parts), dtype=np.int64, count=int(sizes.sum()))
        self._some = sizes > 0
        self._starts = (np.cumsum(sizes) - sizes)[self._some]

    def sums(self, figures: pa.ChunkedArray) -> Wholes:
        """What the parts' figures add up to, a suppressed one counting as 0; 0 of no parts."""
        assert figures.type == MOMENT_TYPE
        known = np.ones(len(self._numbers), dtype=bool)
        values = wholes_of(one_array(figures.take(array_from_numbers(self._numbers, known, pa.int64()))))
        if magnitude(values) * self._longest > INT64_MAX:
            values = values.astype(object)
        return self._folded(np.add, values, 0)

    def least(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The smallest of the parts' codes; _SHOWN of no parts."""
        return self._folded(np.minimum, codes[self._numbers], _SHOWN)

    def _folded(self, fold: np.ufunc, values: npt.NDArray[Any], of_none: int) -> npt.NDArray[Any]:
        folded = np.full(len(self._some), of_none, dtype=values.dtype)
        if self._starts.size:
            folded[self._some] = fold.reduceat(values, self._starts)
        return folded


def _cause_codes(causes: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """For each published cell the place of its cause in `Cause`; _SHOWN where it is not suppressed."""
    places = {cause.value: place for place, cause in enumerate(Cause)} | {None: _SHOWN}
    return np.fromiter((places[cause] for cause in causes.to_pylist()), dtype=np.int64, count=len(causes))


def _parts_in(covers: tuple[Cover, ...]) -> int:
    return sum(1 + sum(1 + sum(map(len, cell.parts)) for cell in cover.cells) for cover in covers)
