"""The log entries about one query: decided, or aborted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision
from hansa_node.log.records import Commitment, QueryRecord


def decided(commitment: Commitment, opening: Mapping[str, str]) -> QueryDecision:
    """The decision, with the hash of the answer that says so. `opening`: the digests."""
    asked = commitment.asked
    return QueryDecision(
        query_hash=asked.query_hash.hex(),
        organisation=asked.organisation,
        purpose=asked.purpose,
        dataset=None if asked.dataset is None else str(asked.dataset),
        level=None if asked.level is None else asked.level.value,
        data_version=asked.data_version,
        policy=asked.policy,
        policy_hash=asked.policy_hash,
        manifest_hash=asked.manifest_hash,
        roster=asked.roster,
        decision=Decision.PERMIT if commitment.code is None else Decision.REFUSE,
        code=commitment.code,
        recalled=commitment.recalled,
        result_hash=hashlib.sha256(commitment.answer.payload).hexdigest(),
        opening=opening,
    )


def aborted(asked: QueryRecord, opening: Mapping[str, str]) -> QueryAborted:
    """A permitted query that got no answer. `opening`: the digests."""
    assert asked.purpose is not None
    assert asked.level is not None
    assert asked.data_version is not None
    return QueryAborted(
        query_hash=asked.query_hash.hex(),
        organisation=asked.organisation,
        purpose=asked.purpose,
        dataset=str(asked.dataset),
        level=asked.level.value,
        data_version=asked.data_version,
        policy=asked.policy,
        policy_hash=asked.policy_hash,
        manifest_hash=asked.manifest_hash,
        roster=asked.roster,
        opening=opening,
    )
