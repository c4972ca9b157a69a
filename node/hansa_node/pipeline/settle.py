"""Settle: a query answered without an engine: with its earlier answer, a refusal, or a stored release."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.partial.answer import Refusal, Release
from hansa_node.context import NodeContext
from hansa_node.pipeline.commit import Ending, commit
from hansa_node.pipeline.decide import Permitted, Refused, bind_and_decide
from hansa_node.pipeline.recall import Past, recall_answer, recall_release
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_wire.codec.answered import Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a query ended. `outcome`: what the answer says; None where these very bytes had it already."""

    answer: Answered
    outcome: Release | Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A permitted query that has had no answer yet."""

    verified: VerifiedQuery
    past: Past
    permitted: Permitted


def settle(verified: VerifiedQuery, context: NodeContext) -> Ended | Due:
    """Recall the answer of these bytes, or decide; what is permitted and has a stored release is answered from it.

    Blocking. Raises DataUnavailableError where the city has the dataset and cannot read it, and StoreUnavailableError
    where the end of the query cannot be recorded.
    """
    now = context.clock()
    past = recall_answer(verified, context.store, now)
    if past.answer is not None:
        return Ended(answer=past.answer, outcome=None)
    decided = bind_and_decide(verified, replayed=past.replayed, context=context, now=now)
    if isinstance(decided, Refused):
        return refuse(verified, past, decided, context)
    due = Due(verified=verified, past=past, permitted=decided)
    return answer_from_release(due, context) or due


def answer_from_release(due: Due, context: NodeContext) -> Ended | None:
    """The answer from the stored release of the same question; None where there is none. Blocking."""
    known = recall_release(due.permitted.question, context.store)
    if known is None:
        return None
    dataset = due.permitted.dataset
    ending = Ending(
        verified=due.verified,
        past=due.past,
        dataset=dataset,
        outcome=known,
        recalled=True,
        coarser_tables=due.permitted.question.plan.coarser_tables,
    )
    return Ended(answer=commit(ending, context), outcome=known)


def refuse(verified: VerifiedQuery, past: Past, refused: Refused, context: NodeContext) -> Ended:
    """The signed refusal, committed. Blocking."""
    ending = Ending(verified=verified, past=past, dataset=refused.dataset, outcome=refused.refusal)
    return Ended(answer=commit(ending, context), outcome=refused.refusal)
