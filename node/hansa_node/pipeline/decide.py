"""Decide: whether the query is permitted or refused, by the rules of core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Refusal
from hansa_core.plan.query import Query
from hansa_core.policy.decide import Verdict, decide, refusal_of, refuse_bound, turn_away
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_node.answering.served_dataset import ServedDataset
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.context import NodeContext
from hansa_node.datasets.dataset import VersionedDataset
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.log.records import QueryRecord
from hansa_node.pipeline.bind import BoundQuestion, bind
from hansa_node.pipeline.verify import VerifiedQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The plan may be answered: from a stored release, or anew once its charges are taken."""

    question: BoundQuestion
    query: Query

    @property
    def dataset(self) -> ServedDataset:
        """What the plan is bound to."""
        return self.question.dataset

    @property
    def ledgers(self) -> tuple[str, ...]:
        """Those that an answer is charged to."""
        return tuple(charge.ledger for charge in self.question.bound.charges)

    def decide(self, spent: Mapping[str, int]) -> Verdict:
        """Whether an answer may be computed after so much was spent in each of `ledgers`."""
        return decide(self.query, self.question.bound, spent=spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The query is refused. `dataset`: None where none is served, or the query could not be read."""

    dataset: ServedDataset | None
    refusal: Refusal


def bind_and_decide(
    verified: VerifiedQuery, *, replayed: bool, context: NodeContext, now: datetime
) -> Permitted | Refused:
    """Bind the question, and refuse what no answer may be given to, stored or new. No row is read.

    Who may not ask binds nothing. Raises DataUnavailableError where the city has the dataset and cannot read it.
    """
    query = verified.content
    if isinstance(query, RefusedError):
        return Refused(dataset=None, refusal=refusal_of(query))
    dataset, unreadable = _dataset_of(query, context.datasets)
    refused = turn_away(
        query,
        asker=verified.asker,
        policy=context.policy.policy,
        league=verified.league.rules,
        is_served=dataset is not None or unreadable is not None,
        replayed=replayed,
        now=now,
    )
    if refused is not None:
        return Refused(dataset=dataset, refusal=refused.refusal)
    if unreadable is not None:
        raise unreadable
    assert dataset is not None  # or it was turned away
    question = bind(query.plan, dataset)
    refused = refuse_bound(query, question.bound)
    if refused is not None:
        return Refused(dataset=dataset, refusal=refused.refusal)
    assert isinstance(question, BoundQuestion)
    return Permitted(question=question, query=query)


def _dataset_of(query: Query, datasets: ServedDatasets) -> tuple[ServedDataset | None, DataUnavailableError | None]:
    """What is asked about, or why it cannot be read at this moment; neither where the city has no such dataset."""
    try:
        return datasets.current(query.plan.source), None
    except DataUnavailableError as unreadable:
        return None, unreadable


def asked_of(verified: VerifiedQuery, dataset: VersionedDataset | None, context: NodeContext) -> QueryRecord:
    """What the store keeps about who asked what, under which rules. What the league does not know is not repeated."""
    query = verified.content if isinstance(verified.content, Query) else None
    purpose = None if query is None or query.purpose not in verified.league.roster.purposes else query.purpose
    source = None if query is None or query.plan.source not in verified.league.roster.contracts else query.plan.source
    return QueryRecord(
        query_hash=verified.query_hash,
        query=envelope_to_json(verified.envelope).decode(),
        credential=envelope_to_json(verified.credential).decode(),
        key_id=verified.asker.key_id,
        subject=verified.asker.subject,
        organisation=verified.asker.organisation,
        purpose=purpose,
        dataset=source,
        level=None if dataset is None else dataset.manifest.level,
        data_version=None if dataset is None else dataset.data_version,
        policy=context.policy.reference,
        roster=verified.league.roster_ref,
        policy_hash=context.policy.hash,
        manifest_hash=None if dataset is None else dataset.manifest_hash,
    )
