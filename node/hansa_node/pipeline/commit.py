"""Commit: seal the outcome into the signed answer, and make it durable with its log entry before it may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hansa_core.partial.answer import Refusal, Release, SignedAnswer
from hansa_core.partial.release_key import NO_PARAMETERS
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signer, sign
from hansa_node.context import NodeContext
from hansa_node.datasets.dataset import VersionedDataset
from hansa_node.log.announcements import of_dataset
from hansa_node.log.records import Commitment
from hansa_node.pipeline.decide import asked_of
from hansa_node.pipeline.recall import Past
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_node.store.reservations import Reservation
from hansa_wire.codec.answer_codec import encode_answer
from hansa_wire.codec.answered import Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a question ends. `dataset`: what the outcome was found on; None where none is served.

    `recalled`: the release was stored. `causes`: suppressed cells of a new release, by cause. `reservation`: what was
    charged for it. `parameters`: of the release, as in `ReleaseKey`. `coarser_tables`: beside those that were read.
    """

    verified: VerifiedQuery
    past: Past
    dataset: VersionedDataset | None
    outcome: Release | Refusal
    recalled: bool = False
    causes: Mapping[str, int] = field(default_factory=dict)
    reservation: Reservation | None = None
    parameters: str = NO_PARAMETERS
    coarser_tables: tuple[str, ...] = ()


def commit(ending: Ending, context: NodeContext) -> Answered:
    """The signed answer with its receipt: only now may it be sent. The log has told of the dataset before.

    Raises StoreUnavailableError: then nothing was released.
    """
    query, outcome, now = ending.verified.content, ending.outcome, context.clock()
    answer = seal(
        outcome,
        ending.verified.query_hash,
        city=context.city,
        signer=context.signer,
        nonce=context.fresh_nonce(),
        now=now,
        unwitnessed_since=context.witnesses.told_to_askers(now),
        coarser_tables=ending.coarser_tables if isinstance(outcome, Release) else (),
    )
    is_new = isinstance(outcome, Release) and not ending.recalled
    receipt = context.store.commit(
        Commitment(
            asked=asked_of(ending.verified, ending.dataset, context),
            nonce=query.nonce if isinstance(query, Query) else None,
            decided_at=now,
            code=outcome.code if isinstance(outcome, Refusal) else None,
            recalled=ending.recalled,
            answer=answer,
            after_expiry=ending.past.after_expiry,
            release=outcome if isinstance(outcome, Release) and is_new else None,
            causes=ending.causes,
            reservation=ending.reservation,
            parameters=ending.parameters,
            announcements=() if ending.dataset is None else of_dataset(ending.dataset),
        )
    )
    return Answered(answer, receipt)


def seal(
    outcome: Release | Refusal,
    query_hash: bytes,
    *,
    city: str,
    signer: Signer,
    nonce: bytes,
    now: datetime,
    unwitnessed_since: datetime | None = None,
    coarser_tables: tuple[str, ...] = (),
) -> Envelope:
    """The signed answer. `nonce`: fresh, 16 bytes: it keeps the hash of a guessable answer from being guessed."""
    answer = SignedAnswer(
        city=city,
        query_hash=query_hash,
        nonce=nonce,
        answered_at=now,
        outcome=outcome,
        unwitnessed_since=unwitnessed_since,
        coarser_tables=coarser_tables,
    )
    return sign(payload_types.ANSWER, encode_answer(answer), signer)
