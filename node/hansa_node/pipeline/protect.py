"""Step 7: make of computed cells what may be released, in buffers that hold nothing else."""

from __future__ import annotations

from hansa_core.errors import RefusedError
from hansa_core.query.answer import Release
from hansa_core.query.ipc_size import unpacked_size
from hansa_core.query.limits import MAX_ANSWER_BYTES
from hansa_core.query.partial import partial_from_rows, rows_of, write_partial
from hansa_node.pipeline.execute import Executed
from hansa_node.pipeline.recall import release_of

_AROUND_BYTES = 64 * 1024  # the answer's other fields


def protect(executed: Executed) -> Release:
    """Build the release anew from its values, in domain order.

    At `open` every cell is released as it is; at `controlled` the published cells were protected once, at ingest, and
    a NULL moment is a suppressed one. Raises RefusedError `too_large` where the cells outgrow one answer.
    """
    plan = executed.plan
    table = partial_from_rows(plan.plan, plan.dataset.contract, rows_of(executed.table))
    partial_ipc = write_partial(table)
    # The asker holds both to the limit: what is carried, and what it unpacks to.
    if max(len(partial_ipc), unpacked_size(partial_ipc)) + _AROUND_BYTES > MAX_ANSWER_BYTES:
        raise RefusedError(
            code="too_large",
            rule=f"an answer has at most {MAX_ANSWER_BYTES} bytes",
            remedy="group by fewer, coarser or shorter keys, or narrow the filter",
            field="keys",
        )
    return release_of(plan, partial_ipc)
