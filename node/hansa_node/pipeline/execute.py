"""Step 6: run the engine over rows at `open`, or add published cells up at `controlled`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hansa_core.partial.groupings import plain_plans, stack
from hansa_node.answering.controlled import PublishedTables
from hansa_node.engines.engine import too_many_cells
from hansa_node.engines.stop import Stop
from hansa_node.pipeline.bind import BoundPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One row per cell. Nothing of it may leave before `protect`."""

    plan: BoundPlan
    table: pa.Table


def execute(plan: BoundPlan, stop: Stop) -> Executed:
    """Raises RefusedError `too_many_cells` at `open`, where undeclared domains show their size only here.

    Raises AbandonedError where `stop` was pulled before the rows were read.
    """
    stop.check()
    engine = plan.dataset.engine
    if isinstance(engine, PublishedTables):
        tables = [engine.read(cover) for cover in plan.covers]
    else:
        tables = [engine.aggregate(part, max_cells=plan.max_cells, stop=stop) for part in plain_plans(plan.plan)]
    if sum(table.num_rows for table in tables) > plan.max_cells:
        raise too_many_cells(plan.max_cells)
    return Executed(plan=plan, table=stack(plan.plan, plan.dataset.contract, tables))
