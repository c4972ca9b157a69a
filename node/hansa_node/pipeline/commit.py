"""Step 9: log before release. Decision, nonce, release, debit and answer become durable together, or not at all."""

from __future__ import annotations

from datetime import datetime

from hansa_core.query.answer import Refusal, Release
from hansa_core.query.query import Query
from hansa_core.trust.dsse import Envelope
from hansa_node.pipeline.recall import Past
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_node.records import Asked, Commitment, Reservation
from hansa_node.store import Store


def commit(
    answer: Envelope,
    outcome: Release | Refusal,
    *,
    verified: VerifiedQuery,
    past: Past,
    asked: Asked,
    recalled: bool,
    reservation: Reservation | None,
    store: Store,
    now: datetime,
) -> None:
    """Only when this returns may the answer be sent. Raises StoreUnavailableError, and then nothing was released."""
    query = verified.content
    is_new = isinstance(outcome, Release) and not recalled
    store.commit(
        Commitment(
            asked=asked,
            nonce=query.nonce if isinstance(query, Query) else None,
            decided_at=now,
            code=outcome.code if isinstance(outcome, Refusal) else None,
            recalled=recalled,
            answer=answer,
            after_expiry=past.after_expiry,
            release=outcome if isinstance(outcome, Release) and is_new else None,
            reservation=reservation,
        )
    )
