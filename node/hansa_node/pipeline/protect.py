"""Step 7: make of computed cells what may be released, in buffers that hold nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Release
from hansa_core.partial.ipc_read import unpacked_size
from hansa_core.partial.partial import partial_from_rows, rows_of, write_partial
from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_node.pipeline.execute import Executed
from hansa_node.pipeline.recall import release_of

_THRESHOLD = "threshold"  # the one rule that suppresses a cell
_AROUND_BYTES = 64 * 1024  # the answer's other fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What may be released. `causes`: how many of its cells lack a figure, by the rule that suppressed it."""

    release: Release
    causes: Mapping[str, int]


def protect(executed: Executed) -> Protected:
    """Build the release anew from its values, in domain order.

    At `open` every cell is released as it is; at `controlled` the published cells were protected once, at ingest, and
    a NULL moment is a suppressed one. Raises RefusedError `too_large` where the cells outgrow one answer.
    """
    plan = executed.plan
    rows = list(rows_of(executed.table))
    table = partial_from_rows(plan.plan, plan.dataset.contract, rows)
    partial_ipc = write_partial(table)
    # The asker holds both to the limit: what is carried, and what it unpacks to.
    if max(len(partial_ipc), unpacked_size(partial_ipc)) + _AROUND_BYTES > MAX_ANSWER_BYTES:
        raise RefusedError(
            code="too_large",
            rule=f"an answer has at most {MAX_ANSWER_BYTES} bytes",
            remedy="group by fewer, coarser or shorter keys, or narrow the filter",
            field="keys",
        )
    suppressed = sum(None in row[plan.plan.key_width :] for row in rows)
    causes = {_THRESHOLD: suppressed} if suppressed else {}
    return Protected(release=release_of(plan, partial_ipc), causes=causes)
