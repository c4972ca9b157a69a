"""A plan with totals is several plain plans: one for its keys, and one for each grouping by some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.partial import partial_from_rows, rows_of
from hansa_core.plan.plan import Plan


def plain_plans(plan: Plan) -> tuple[Plan, ...]:
    """One plan without totals for each of `plan.groupings`, in order."""
    return tuple(replace(plan, keys=tuple(plan.keys[index] for index in kept), totals=()) for kept in plan.groupings)


def stack(plan: Plan, contract: Contract, tables: Sequence[pa.Table]) -> pa.Table:
    """The partial of a plan from those of its plain plans, in order."""
    return tables[0] if not plan.totals else partial_from_rows(plan, contract, _rows(plan, tables))


def _rows(plan: Plan, tables: Sequence[pa.Table]) -> Iterator[tuple[Value | None, ...]]:
    for number, (kept, table) in enumerate(zip(plan.groupings, tables, strict=True)):
        for row in rows_of(table):
            held = dict(zip(kept, row, strict=False))
            yield (*(held.get(index) for index in range(len(plan.keys))), number, *row[len(kept) :])
