"""Step 6: run the engine over rows at `open`, or add published cells up at `controlled`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hansa_node.engines.published import PublishedTables
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
        assert plan.cover is not None
        return Executed(plan=plan, table=engine.read(plan.cover))
    return Executed(plan=plan, table=engine.aggregate(plan.plan, max_cells=plan.max_cells, stop=stop))
