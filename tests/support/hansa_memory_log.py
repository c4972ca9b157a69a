"""A city's log in memory: it takes in decisions and gives real receipts, signed with the city's own log key."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hansa_core.evidence.body import Body, PolicyRef, RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import LogGenesis
from hansa_core.evidence.query_entries import Decision, QueryDecision
from hansa_core.partial.answer import Refusal, SignedAnswer
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import inclusion_proof, leaf_hash, root_of_leaves
from hansa_core.tlog.proof import TlogProof, encode_proof
from hansa_whole_trees import tree_hashes

DIGEST = "ab" * 32


class MemoryLog:
    """The log of `city` under the name `origin`; its first entry is its genesis."""

    def __init__(self, city: str, origin: str, signer: Ed25519Signer) -> None:
        self._city = city
        self._origin = origin
        self._signer = signer
        self._leaves: list[bytes] = []
        self.append(LogGenesis(origin=origin, log_key=signer.public_key.hex()), datetime(2026, 1, 1))

    def append(self, body: Body, now: datetime) -> bytes:
        """The receipt of a new entry."""
        time_unix_s = int(now.replace(tzinfo=UTC).timestamp())
        leaf = encode_entry(Entry(time_unix_s=time_unix_s, node=self._city, software="0.1.0", body=body))
        self._leaves.append(leaf)
        return self.receipt(len(self._leaves) - 1)

    def receipt(self, index: int) -> bytes:
        """The proof that the entry at `index` is in the log as it stands now."""
        hashes = [leaf_hash(leaf) for leaf in self._leaves]
        levels = tree_hashes(hashes)
        checkpoint = Checkpoint(self._origin, len(hashes), root_of_leaves(hashes))
        proof = TlogProof(
            index=index,
            hashes=inclusion_proof(index, len(hashes), lambda level, at: levels[level][at]),
            checkpoint_note=sign_checkpoint(checkpoint, self._signer),
            extra=self._leaves[index],
        )
        return encode_proof(proof)

    def decided(self, answer: SignedAnswer, payload: bytes, **changes: Any) -> bytes:
        """The receipt of the decision that `answer` tells; `payload`: what was signed; `changes`: lies about it."""
        return self.append(replace(decision_on(answer, payload), **changes), answer.answered_at)


def decision_on(answer: SignedAnswer, payload: bytes) -> QueryDecision:
    """What a node writes down about an answer."""
    opening = dict.fromkeys(("query", "analyst"), DIGEST)
    told: dict[str, Any] = {"decision": Decision.REFUSE}
    if isinstance(answer.outcome, Refusal):
        told["code"] = answer.outcome.code
    else:
        opening |= {"causes": DIGEST}
        told = {
            "decision": Decision.PERMIT,
            "dataset": str(answer.outcome.contract),
            "level": answer.outcome.level.value,
            "data_version": answer.outcome.data_version,
            "manifest_hash": DIGEST,
        }
    return QueryDecision(
        query_hash=answer.query_hash.hex(),
        organisation="Hanse",
        purpose="statistics",
        policy=PolicyRef(id="open", version=1),
        policy_hash=DIGEST,
        roster=RosterRef(version=1, hash=DIGEST),
        result_hash=hashlib.sha256(payload).hexdigest(),
        opening=opening,
        **told,
    )
