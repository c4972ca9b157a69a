"""Adding partials cell by cell: the algebra on which the merge of merges rests."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.partial import partial_from_rows, rows_of
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_moment_algebra import merge_moments

Keys = tuple[Value | None, ...]
Moments = tuple[int | None, ...]


def add_partials(plan: Plan, contract: Contract, tables: Iterable[pa.Table]) -> pa.Table:
    """Add partials of open data cell by cell: associative and commutative to the bit, an absent cell being zero.

    A suppressed moment suppresses the sum. Without tables: the partial of no rows.
    """
    width = plan.key_width
    order = moments_of(plan, contract)
    nothing = tuple(moment.nothing for moment in order)
    # Over no rows too, a grouping without keys has one cell.
    empty = [number for number, kept in enumerate(plan.groupings) if not kept]
    sums: dict[Keys, Moments] = {
        (*(None for _ in plan.keys), *([number] if plan.totals else [])): nothing for number in empty
    }
    for table in tables:
        for keys, moments in _cells(table, width).items():
            sums[keys] = merge_moments(order, sums[keys], moments) if keys in sums else moments
    return partial_from_rows(plan, contract, ((*keys, *moments) for keys, moments in sums.items()))


def _cells(table: pa.Table, width: int) -> dict[Keys, Moments]:
    return {row[:width]: row[width:] for row in rows_of(table)}  # type: ignore[misc]
