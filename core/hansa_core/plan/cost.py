"""Static cost: how much engine work a plan may be, from plan and contract alone."""

from __future__ import annotations

from math import prod

from hansa_core.contract.contract import Contract
from hansa_core.errors import RefusedError
from hansa_core.plan.expression import Column
from hansa_core.plan.limits import MAX_COST
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan

_FEWEST_CELLS = 1024  # what reading the rows for one moment counts as, however few cells come of it


def cost_of(plan: Plan, contract: Contract, *, max_cells: int) -> int:
    """Moments times cells, added up over the groupings of the canonical plan; no unit but `MAX_COST`.

    The cells of a grouping come from the declared domains of its keys, from 1,024 up to `max_cells`: how many fit into
    an answer.
    """
    widths = [_width(key, contract) for key in plan.keys]
    cells = (prod(widths[index] for index in kept) for kept in plan.groupings)
    return len(moments_of(plan, contract)) * sum(max(_FEWEST_CELLS, min(each, max_cells)) for each in cells)


def check_cost(cost: int) -> None:
    """Raise RefusedError `too_costly` beyond `MAX_COST`."""
    if cost > MAX_COST:
        raise RefusedError(
            code="too_costly",
            rule="groupings times numbers per cell times cells stay within what one question may cost",
            remedy="ask for fewer totals in ROLLUP, CUBE or GROUPING SETS, or for fewer aggregates at once",
            field="totals",
        )


def _width(key: object, contract: Contract) -> int:
    """How many values a key takes, NULL included; 1 where no domain says it."""
    column = contract.columns.get(key.name) if isinstance(key, Column) else None
    return 1 if column is None or column.domain is None else len(column.domain) + 1
