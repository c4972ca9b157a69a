"""Engine: the duties of whatever answers plans over rows, and the refusals that engines share."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa

from hansa_core.errors import RefusedError
from hansa_core.plan.plan import Plan
from hansa_node.engines.stop import Stop


class Engine(Protocol):
    """Answers a checked, canonical plan over the rows of one dataset."""

    def aggregate(self, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell in `partial_schema`, unprotected: the caller owes it to the disclosure step.

        Raises RefusedError `too_many_cells` beyond `max_cells`, or beyond the engine's memory, AbandonedError soon
        after `stop` is pulled, and DataUnavailableError where the rows cannot be read.
        """


def too_many_cells(max_cells: int) -> RefusedError:
    """The refusal of a question whose keys take more values than an answer may have cells."""
    return RefusedError(
        code="too_many_cells",
        rule=f"an answer has at most {max_cells} cells",
        remedy="use fewer or coarser keys, for example bin(x, width) or date_trunc('month', day), or narrow the filter",
        field="keys",
    )


def too_little_memory() -> RefusedError:
    """The refusal of a question whose cells the engine cannot hold."""
    return RefusedError(
        code="too_many_cells",
        rule="the cells of a question fit into the memory that the city's engine may use",
        remedy="use fewer, coarser or shorter keys and fewer aggregates, or narrow the filter",
        field="keys",
    )
