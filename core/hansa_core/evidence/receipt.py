"""Receipts: an answer is in the city's log, proven by a C2SP tlog-proof with the leaf itself as extra data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.query_entries import Decision, QueryDecision
from hansa_core.league.roster import Member
from hansa_core.league.witnesses import log_vkey
from hansa_core.partial.answer import Refusal, Release, SignedAnswer
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.proof import decode_proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A proven place in a city's log: what stands at `index`, under a checkpoint that the log signed.

    `leaf`: the entry's bytes. Who cosigned the checkpoint is not judged here; the note is in the proof.
    """

    index: int
    leaf: bytes
    entry: Entry
    decision: QueryDecision
    checkpoint: Checkpoint


def read_receipt(receipt: bytes, *, member: Member) -> Receipt:
    """The decision that `receipt` proves to be in the member's log. Raises PeerError unless it proves one."""
    proof = decode_proof(receipt)
    checkpoint = proof.verify(proof.extra, log_vkey(member))
    entry = decode_entry(proof.extra)
    if not isinstance(entry.body, QueryDecision):
        raise PeerError(f"the receipt proves a {entry.type}, not a decision on a query")
    if entry.node != member.city:
        raise PeerError(f"the receipt's entry is by the node of {entry.node}, in the log of {member.city}")
    return Receipt(index=proof.index, leaf=proof.extra, entry=entry, decision=entry.body, checkpoint=checkpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAs:
    """For whom and what for a question was asked: what its entry must say, or it blames somebody else."""

    organisation: str
    purpose: str


def check_receipt(
    receipt: bytes, *, member: Member, payload: bytes, answer: SignedAnswer, asked_as: AskedAs | None = None
) -> Receipt:
    """The receipt, if it proves that the member's log holds this answer and tells it as it is. Raises PeerError.

    `payload`: the signed bytes of the answer. `answer`: what they say. `asked_as`: None where the caller does not know.
    """
    read = read_receipt(receipt, member=member)
    check_decision(read.decision, payload=payload, answer=answer, asked_as=asked_as)
    return read


def check_decision(
    told: QueryDecision, *, payload: bytes, answer: SignedAnswer, asked_as: AskedAs | None = None
) -> None:
    """Raise PeerError unless a decision that stands in a log tells this answer as it is. Parameters as above."""
    outcome = answer.outcome
    _same("query", told.query_hash, answer.query_hash.hex())
    _same("answer", told.result_hash, hashlib.sha256(payload).hexdigest())
    if asked_as is not None:
        _same("organisation", told.organisation, asked_as.organisation)
        if told.purpose is not None or isinstance(outcome, Release):  # a refused one may be unknown to the league
            _same("purpose", told.purpose, asked_as.purpose)
    match outcome:
        case Refusal():
            _same("decision", told.decision, Decision.REFUSE)
            _same("refusal's code", told.code, outcome.code)
        case Release():
            _same("decision", told.decision, Decision.PERMIT)
            _same("dataset", told.dataset, str(outcome.contract))
            _same("level", told.level, outcome.level)
            _same("data version", told.data_version, outcome.data_version)


def _same(what: str, logged: object, answered: object) -> None:
    if logged != answered:
        raise PeerError(f"the receipt is for another {what} than the answer's")
