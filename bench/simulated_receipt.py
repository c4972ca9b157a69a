"""The receipt of a simulated node's answer: a real one, from a log that has this one decision and nothing else."""

from __future__ import annotations

import hashlib
from datetime import UTC

from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.query_entries import Decision, QueryDecision
from hansa_core.league.members import Member
from hansa_core.partial.answer import Release, SignedAnswer
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.note import NoteSigner
from hansa_core.tlog.proof import TlogProof, encode_proof

_DIGEST = "ab" * 32


def receipt_of(answer: SignedAnswer, release: Release, payload: bytes, member: Member, log_signer: NoteSigner) -> bytes:
    """The proof that `member` decided so. `payload`: what it signed."""
    decided = QueryDecision(
        query_hash=answer.query_hash.hex(),
        organisation=member.city,
        purpose="statistics",
        dataset=str(release.contract),
        level=release.level.value,
        data_version=release.data_version,
        policy=PolicyRef(id="open", version=1),
        roster=RosterRef(version=1, hash=_DIGEST),
        decision=Decision.PERMIT,
        result_hash=hashlib.sha256(payload).hexdigest(),
        policy_hash=_DIGEST,
        manifest_hash=_DIGEST,
        opening=dict.fromkeys(("query", "analyst", "causes"), _DIGEST),
    )
    time_unix_s = int(answer.answered_at.replace(tzinfo=UTC).timestamp())
    leaf = encode_entry(Entry(time_unix_s=time_unix_s, node=member.city, software="0.1.0", body=decided))
    checkpoint = Checkpoint(member.log_origin, 1, leaf_hash(leaf))
    note = sign_checkpoint(checkpoint, log_signer)
    return encode_proof(TlogProof(index=0, hashes=(), checkpoint_note=note, extra=leaf))
