"""Protect: the release, built anew from protected cells in buffers that hold nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Release
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.ipc_read import unpacked_size
from hansa_core.partial.partial import columns_of_partial, write_partial
from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_core.plan.moments import moments_of
from hansa_node.pipeline.execute import Executed
from hansa_node.pipeline.recall import release_of

_AROUND_BYTES = 64 * 1024  # the answer's other fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What may be released. `causes`: how many of its cells lack a figure, by the rule that suppressed it."""

    release: Release
    causes: Mapping[str, int]


def protect(executed: Executed) -> Protected:
    """Build the release anew from its values, in domain order, so that its buffers hold nothing else.

    Raises RefusedError `too_large` where the cells outgrow one answer.
    """
    question = executed.question
    plan, contract = question.plan.plan, question.dataset.contract
    keys, moments = columns_of_partial(executed.cells.table, plan, moments_of(plan, contract))
    partial_ipc = write_partial(partial_from_columns(plan, contract, keys, list(moments.values())))
    # The asker holds both to the limit: what is carried, and what it unpacks to.
    if max(len(partial_ipc), unpacked_size(partial_ipc)) + _AROUND_BYTES > MAX_ANSWER_BYTES:
        raise RefusedError(
            code="too_large",
            rule=f"an answer has at most {MAX_ANSWER_BYTES} bytes",
            remedy="group by fewer, coarser or shorter keys, or narrow the filter",
            field="keys",
        )
    return Protected(release=release_of(question, partial_ipc), causes=executed.cells.causes)
