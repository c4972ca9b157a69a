"""A receipt proves one answer of one city, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import PeerError
from hansa_core.evidence.log_entries import KeyAdded, KeyRole
from hansa_core.evidence.query_entries import Decision
from hansa_core.evidence.receipt import check_receipt, read_receipt
from hansa_core.partial.answer import Refusal, Release, SignedAnswer
from hansa_core.tlog.proof import decode_proof, encode_proof
from hansa_memory_log import MemoryLog
from hansa_tlog_values import flipped
from hansa_trust_values import league_of

LEAGUE = league_of("bremen", "hamburg")
HAMBURG, BREMEN = LEAGUE.roster.member("hamburg"), LEAGUE.roster.member("bremen")
PAYLOAD = b"the signed bytes"
RELEASE = Release(
    plan_hash=bytes(32),
    contract=ContractId("housing.permits", 1),
    level=Level.CONTROLLED,
    data_version=4,
    protection_version=1,
    partial_ipc=b"",
)
ANSWER = SignedAnswer(
    city="hamburg", query_hash=b"q" * 32, nonce=bytes(16), answered_at=datetime(2026, 5, 1), outcome=RELEASE
)
REFUSAL = Refusal(code="not_published", rule="no table", remedy="ask another")


def log_of_hamburg() -> MemoryLog:
    return MemoryLog("hamburg", HAMBURG.log_origin, LEAGUE.holder("hamburg").log_key)


RECEIPT = log_of_hamburg().decided(ANSWER, PAYLOAD)


def test_a_receipt_names_the_entry_and_the_checkpoint_that_prove_the_answer() -> None:
    receipt = check_receipt(RECEIPT, member=HAMBURG, payload=PAYLOAD, answer=ANSWER)
    assert (receipt.index, receipt.checkpoint.size, receipt.checkpoint.origin) == (1, 2, HAMBURG.log_origin)
    assert receipt.decision.decision == Decision.PERMIT
    assert receipt.entry.body == receipt.decision
    assert decode_proof(RECEIPT).extra == receipt.leaf


def test_a_refusal_has_its_receipt_too() -> None:
    refused = replace(ANSWER, outcome=REFUSAL)
    receipt = log_of_hamburg().decided(refused, PAYLOAD)
    assert check_receipt(receipt, member=HAMBURG, payload=PAYLOAD, answer=refused).decision.code == "not_published"
    other = replace(refused, outcome=replace(REFUSAL, code="denied"))
    with pytest.raises(PeerError, match="another refusal's code"):
        check_receipt(receipt, member=HAMBURG, payload=PAYLOAD, answer=other)


@pytest.mark.parametrize(
    ("payload", "changes", "what"),
    [
        (b"other bytes", {}, "another answer"),
        (PAYLOAD, {"query_hash": b"p" * 32}, "another query"),
        (PAYLOAD, {"outcome": REFUSAL}, "another decision"),
        (PAYLOAD, {"outcome": replace(RELEASE, data_version=5)}, "another data version"),
        (PAYLOAD, {"outcome": replace(RELEASE, level=Level.OPEN)}, "another level"),
        (PAYLOAD, {"outcome": replace(RELEASE, contract=ContractId("a.b", 1))}, "another dataset"),
    ],
)
def test_a_receipt_is_not_for_an_answer_that_says_otherwise(payload: bytes, changes: dict[str, Any], what: str) -> None:
    with pytest.raises(PeerError, match=what):
        check_receipt(RECEIPT, member=HAMBURG, payload=payload, answer=replace(ANSWER, **changes))


def test_a_receipt_is_only_good_in_the_log_of_the_city_that_answered() -> None:
    with pytest.raises(PeerError):
        check_receipt(RECEIPT, member=BREMEN, payload=PAYLOAD, answer=ANSWER)
    other_node = MemoryLog("bremen", HAMBURG.log_origin, LEAGUE.holder("hamburg").log_key)
    with pytest.raises(PeerError, match="by the node of bremen"):
        read_receipt(other_node.decided(ANSWER, PAYLOAD), member=HAMBURG)


def test_another_entry_of_the_log_is_no_receipt() -> None:
    log = log_of_hamburg()
    log.append(KeyAdded(role=KeyRole.TLS, key="ab" * 32), ANSWER.answered_at)
    with pytest.raises(PeerError, match=r"a key\.added, not a decision"):
        read_receipt(log.receipt(1), member=HAMBURG)


def test_a_leaf_that_is_not_in_the_tree_proves_nothing() -> None:
    proof = decode_proof(RECEIPT)
    lie = proof.extra.replace(b'"data_version":4', b'"data_version":5')
    with pytest.raises(PeerError):
        read_receipt(encode_proof(replace(proof, extra=lie)), member=HAMBURG)
    with pytest.raises(PeerError):
        read_receipt(encode_proof(replace(proof, extra=b"")), member=HAMBURG)
    with pytest.raises(PeerError):
        read_receipt(b"", member=HAMBURG)


@given(st.integers(min_value=0))
@settings(max_examples=200)
def test_one_flipped_bit_of_a_receipt_is_found(bit: int) -> None:
    with pytest.raises(PeerError):
        check_receipt(flipped(RECEIPT, bit), member=HAMBURG, payload=PAYLOAD, answer=ANSWER)
