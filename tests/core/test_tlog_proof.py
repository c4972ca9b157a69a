"""Proofs: an entry, its place and a signed root, in one text that nobody can bend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import sign_checkpoint
from hansa_core.tlog.merkle import inclusion_proof
from hansa_core.tlog.note import ED25519, VerifierKey
from hansa_core.tlog.proof import MAX_HASHES, MAX_PROOF_BYTES, TlogProof, decode_proof, encode_proof
from hansa_core.tlog.spelling import MAX_NUMBER
from hansa_tlog_values import (
    ENTRIES,
    EVE,
    LEAVES,
    LOG_KEY,
    ORIGIN,
    POLICY,
    checkpoint_at,
    flipped,
    note_at,
    proof_at,
    read_hash,
)

PROOFS = st.builds(
    TlogProof,
    index=st.integers(min_value=0, max_value=MAX_NUMBER),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_HASHES).map(tuple),
    checkpoint_note=st.just(note_at(7, cosigned_by=1)),
    extra=st.binary(max_size=100),
)
PROOF = proof_at(5, 7, extra=ENTRIES[5], cosigned_by=2)
TEXT = encode_proof(PROOF)
HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
HASHES = f"{HASH}\n" * 64
NOTE = note_at(7).decode()


def verify_extra(text: bytes) -> None:
    proof = decode_proof(text)
    proof.verify(proof.extra, LOG_KEY)


@given(PROOFS)
def test_a_proof_is_read_as_it_was_written(proof: TlogProof) -> None:
    assert decode_proof(encode_proof(proof)) == proof


def test_a_proof_looks_as_the_specification_shows_it() -> None:
    header, extra, index, *hashes = TEXT.decode().split("\n\n")[0].split("\n")
    assert (header, index) == ("c2sp.org/tlog-proof@v1", "index 5")
    assert extra == "extra eyJ2IjoxLCJudW1iZXIiOjV9"
    assert len(hashes) == 3
    assert TEXT.endswith(b"\n\n" + note_at(7, cosigned_by=2))


@given(st.integers(min_value=1, max_value=len(ENTRIES)), st.data())
def test_a_proof_shows_its_entry(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = decode_proof(encode_proof(proof_at(index, size)))
    assert proof.verify(ENTRIES[index], LOG_KEY) == checkpoint_at(size)


def test_a_proof_shows_no_other_entry() -> None:
    with pytest.raises(PeerError, match="does not lead"):
        PROOF.verify(ENTRIES[4], LOG_KEY)


def test_a_proof_under_another_logs_key_is_refused() -> None:
    with pytest.raises(PeerError, match="no signature"):
        PROOF.verify(ENTRIES[5], VerifierKey(ORIGIN, ED25519, EVE.public_key))


def test_a_proof_against_a_checkpoint_that_eve_signed_is_refused() -> None:
    proof = TlogProof(index=5, hashes=PROOF.hashes, checkpoint_note=sign_checkpoint(checkpoint_at(7), EVE), extra=b"")
    with pytest.raises(PeerError, match="no signature"):
        proof.verify(ENTRIES[5], LOG_KEY)


def test_a_proof_for_an_index_beyond_its_tree_is_refused() -> None:
    proof = TlogProof(index=7, hashes=PROOF.hashes, checkpoint_note=note_at(7))
    with pytest.raises(PeerError, match="no such leaf"):
        proof.verify(ENTRIES[5], LOG_KEY)


def test_a_proof_of_an_empty_log_is_refused() -> None:
    proof = TlogProof(index=0, hashes=(), checkpoint_note=note_at(0))
    with pytest.raises(PeerError, match="no such leaf"):
        proof.verify(ENTRIES[0], LOG_KEY)


def test_a_proof_holds_under_a_policy_too() -> None:
    PROOF.check_entry(ENTRIES[5], POLICY.check(PROOF.checkpoint_note))


@given(st.integers(min_value=0))
def test_no_bit_of_a_proof_can_be_changed(bit: int) -> None:
    text = encode_proof(proof_at(5, 7))
    with pytest.raises(PeerError):
        decode_proof(flipped(text, bit)).verify(ENTRIES[5], LOG_KEY)


@given(st.integers(min_value=0))
def test_extra_data_is_bound_to_the_log_where_it_is_the_entry_itself(bit: int) -> None:
    text = encode_proof(proof_at(5, 7, extra=ENTRIES[5]))
    with pytest.raises(PeerError):
        verify_extra(flipped(text, bit))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty line"),
        (f"index 5\n\n{NOTE}", "line 1"),
        (f"c2sp.org/tlog-proof@v2\nindex 5\n\n{NOTE}", "line 1"),
        (f"\ufeffc2sp.org/tlog-proof@v1\nindex 5\n\n{NOTE}", "line 1"),
        (f"c2sp.org/tlog-proof@v1\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nextra AAAA\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nextra \nindex 5\n\n{NOTE}", "extra"),
        (f"c2sp.org/tlog-proof@v1\nextra AAB=\nindex 5\n\n{NOTE}", "extra"),
        (f"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 5\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\nextra AAAA\n\n{NOTE}", "hash 1"),
        (f"c2sp.org/tlog-proof@v1\nindex 05\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nindex +5\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nindex  5\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nindex 5 \n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\nindex {2**63}\n\n{NOTE}", "index"),
        (f"c2sp.org/tlog-proof@v1\r\nindex 5\r\n\n{NOTE}", "control"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n{HASH[:-1]}\n\n{NOTE}", "hash 1"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n{HASH}\nAAAA\n\n{NOTE}", "hash 2"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n{HASH}\n{NOTE}", "hash 2"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n\n\n{NOTE}", "line 2"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n\n{NOTE}\n", "newline"),
        (f"c2sp.org/tlog-proof@v1\nindex 5\n\n{NOTE[:-1]}", "newline"),
        ("c2sp.org/tlog-proof@v1\nindex 5\n\n", "empty line"),
    ],
)
def test_a_malformed_proof_is_refused_by_its_rule(text: str, rule: str) -> None:
    with pytest.raises(PeerError, match=rule):
        decode_proof(text.encode())


def test_more_hashes_than_any_tree_needs_are_refused() -> None:
    with pytest.raises(PeerError, match="at most 63"):
        decode_proof(f"c2sp.org/tlog-proof@v1\nindex 5\n{HASHES}\n{NOTE}".encode())
    with pytest.raises(PeerError, match="at most 63"):
        TlogProof(index=5, hashes=(bytes(32),) * 64, checkpoint_note=note_at(7))


def test_a_proof_beyond_its_bound_is_neither_read_nor_written() -> None:
    with pytest.raises(PeerError, match="at most"):
        decode_proof(b"x" * (MAX_PROOF_BYTES + 1))
    with pytest.raises(PeerError, match="at most"):
        encode_proof(TlogProof(index=5, hashes=(), checkpoint_note=note_at(7), extra=bytes(MAX_PROOF_BYTES)))


@pytest.mark.parametrize("index", [-1, 2**63])
def test_an_index_that_no_line_can_say_is_never_made(index: int) -> None:
    with pytest.raises(PeerError, match="index"):
        TlogProof(index=index, hashes=(), checkpoint_note=note_at(7))


def test_a_leaf_hash_cannot_pass_for_an_entry() -> None:
    proof = TlogProof(index=2, hashes=inclusion_proof(5, 7, read_hash)[1:], checkpoint_note=note_at(7))
    with pytest.raises(PeerError):
        proof.verify(LEAVES[4] + LEAVES[5], LOG_KEY)
