"""Step 3: permit or refuse? The core chooses; here it is handed what it chooses by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hansa_core.errors import RefusedError
from hansa_core.policy.decide import Permit, Refuse, Verdict, refusal_of
from hansa_core.policy.decide import decide as decide_in_core
from hansa_core.query.answer import Refusal
from hansa_core.query.query import Query
from hansa_node import __version__
from hansa_node.ground import Ground
from hansa_node.pipeline.bind import BoundPlan, UnboundPlan, bind
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_node.records import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The plan may be answered, at the permit's charge."""

    plan: BoundPlan
    permit: Permit
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The query is refused. `plan`: None where no dataset is served, or the query could not be read."""

    plan: BoundPlan | UnboundPlan | None
    refusal: Refusal


def bind_and_decide(verified: VerifiedQuery, *, replayed: bool, ground: Ground, now: datetime) -> Permitted | Refused:
    """Steps 2 and 3. No row is read: the verdict follows from question, rules and time."""
    query = verified.content
    if isinstance(query, RefusedError):
        return Refused(plan=None, refusal=refusal_of(query))
    dataset = ground.datasets.current(query.plan.source)
    plan = None if dataset is None else bind(query.plan, dataset)
    verdict: Verdict = decide_in_core(
        query,
        asker=verified.asker,
        policy=ground.policy,
        standing=ground.standing,
        bound=None if plan is None else plan.bound,
        replayed=replayed,
        now=now,
    )
    if isinstance(verdict, Refuse):
        return Refused(plan=plan, refusal=verdict.refusal)
    assert isinstance(plan, BoundPlan)
    return Permitted(plan=plan, permit=verdict, query=query)


def asked_of(verified: VerifiedQuery, plan: BoundPlan | UnboundPlan | None, ground: Ground) -> Asked:
    """What the store keeps about who asked what, under which rules."""
    query = verified.content if isinstance(verified.content, Query) else None
    return Asked(
        query_hash=verified.query_hash,
        key_id=verified.asker.key_id,
        subject=verified.asker.subject,
        organisation=verified.asker.organisation,
        purpose=None if query is None else query.purpose,
        dataset=None if query is None else query.plan.source,
        level=None if plan is None else plan.dataset.manifest.level,
        data_version=None if plan is None else plan.dataset.data_version,
        policy_id=ground.policy.id,
        policy_version=ground.policy.version,
        roster_version=ground.roster.version,
        software_version=__version__,
    )
