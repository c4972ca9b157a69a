"""Step 9: log before release. Entry, nonce, release, debit and answer become durable together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hansa_core.partial.answer import Refusal, Release
from hansa_core.plan.query import Query
from hansa_core.signing.dsse import Envelope
from hansa_node.datasets.dataset import Dataset
from hansa_node.log.announcements import of_dataset
from hansa_node.log.records import Commitment, QueryRecord
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.recall import Past
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_node.store.reservations import Reservation
from hansa_wire.codec.answered import Answered


def commit(
    answer: Envelope,
    outcome: Release | Refusal,
    *,
    verified: VerifiedQuery,
    past: Past,
    asked: QueryRecord,
    dataset: Dataset | None,
    causes: Mapping[str, int],
    recalled: bool,
    reservation: Reservation | None,
    store: NodeStore,
    now: datetime,
) -> Answered:
    """The answer with its receipt: only now may it be sent. Raises StoreUnavailableError: then nothing was released.

    `dataset`: what the outcome stands on; the log has told of it before. `causes`: suppressed cells by cause.
    """
    query = verified.content
    is_new = isinstance(outcome, Release) and not recalled
    receipt = store.commit(
        Commitment(
            asked=asked,
            nonce=query.nonce if isinstance(query, Query) else None,
            decided_at=now,
            code=outcome.code if isinstance(outcome, Refusal) else None,
            recalled=recalled,
            answer=answer,
            after_expiry=past.after_expiry,
            release=outcome if isinstance(outcome, Release) and is_new else None,
            causes=causes,
            reservation=reservation,
            announcements=() if dataset is None else of_dataset(dataset),
        )
    )
    return Answered(answer, receipt)
