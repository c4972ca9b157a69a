"""Recall: the same signed bytes get the stored answer, the same question the stored release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hansa_core.partial.answer import Release
from hansa_core.plan.query import Query
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.bind import BoundQuestion
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_wire.codec.answered import Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the store remembers of these bytes.

    `answer`: the one they got. `replayed`: their nonce was used for other bytes. `after_expiry`: they have expired.
    """

    answer: Answered | None
    replayed: bool
    after_expiry: bool


def recall_answer(verified: VerifiedQuery, store: NodeStore, now: datetime) -> Past:
    """Look the signed bytes and their nonce up."""
    query, key_id = verified.content, verified.asker.key_id
    after_expiry = isinstance(query, Query) and now >= query.expires_at
    owner = store.nonce_owner(key_id, query.nonce) if isinstance(query, Query) else None
    return Past(
        answer=store.answer(verified.query_hash, key_id, after_expiry=after_expiry),
        replayed=owner is not None and owner != verified.query_hash,
        after_expiry=after_expiry,
    )


def recall_release(question: BoundQuestion, store: NodeStore) -> Release | None:
    """The stored release of the same question, bit for bit, whoever asked for it first."""
    partial_ipc = store.release(question.key)
    return None if partial_ipc is None else release_of(question, partial_ipc)


def release_of(question: BoundQuestion, partial_ipc: bytes) -> Release:
    """A protected partial as the release of this plan."""
    return Release(
        plan_hash=question.plan.plan_hash,
        contract=question.dataset.contract.id,
        level=question.dataset.manifest.level,
        data_version=question.dataset.data_version,
        protection_version=question.dataset.manifest.protection_version,
        partial_ipc=partial_ipc,
    )
