"""Witnessing: a checkpoint is cosigned only if it carries on from the last one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import consistency_proof
from hansa_core.tlog.note import ED25519, VerifierKey, read_note, sign_text
from hansa_core.tlog.spelling import MAX_NUMBER
from hansa_core.tlog.witness import (
    MAX_PROOF_LINES,
    MAX_REQUEST_BYTES,
    SIZE_TYPE,
    AddCheckpoint,
    judge,
    read_conflict,
    read_cosignature,
)
from hansa_tlog_values import (
    EVE,
    LOG_KEY,
    NOON,
    ORIGIN,
    VECTORS,
    WITNESS_KEYS,
    WITNESS_NAMES,
    WITNESSES,
    checkpoint_at,
    flipped,
    note_at,
    read_hash,
    request_at,
)

SIZES = st.integers(min_value=0, max_value=300)
REQUESTS = st.builds(
    AddCheckpoint,
    old_size=st.integers(min_value=0, max_value=MAX_NUMBER),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF_LINES).map(tuple),
    checkpoint_note=st.just(note_at(7)),
)
TEXT = checkpoint_at(7).text
HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="
HASHES = f"{HASH}\n" * 64
NOTE = note_at(7).decode()


def known(size: int) -> Checkpoint | None:
    return checkpoint_at(size) if size else None


def cosigned(*numbers: int, time_unix_s: int = NOON) -> bytes:
    return b"".join(cosign(TEXT, WITNESSES[each], WITNESS_NAMES[each], time_unix_s) for each in numbers)


@given(REQUESTS)
def test_a_request_is_read_as_it_was_written(request_made: AddCheckpoint) -> None:
    assert AddCheckpoint.parse(request_made.body) == request_made


def test_the_published_example_is_read() -> None:
    text = VECTORS["add_checkpoint_example"]
    request_made = AddCheckpoint.parse(text.encode())
    assert (request_made.old_size, len(request_made.proof)) == (20852014, 4)
    assert request_made.claimed.size == 20852163
    assert len(read_note(request_made.checkpoint_note).signatures) == 2
    assert request_made.body == text.encode()


def test_a_published_request_of_a_real_witness_is_accepted() -> None:
    vector = VECTORS["add_checkpoint"]
    request_made = AddCheckpoint.parse(vector["request"].encode())
    key = VerifierKey(request_made.claimed.origin, ED25519, bytes.fromhex(vector["log_key"]))
    judgement = judge(request_made, log_key=key, known=None)
    assert judgement.status == 200
    assert judgement.accepted == request_made.claimed


@given(SIZES, SIZES)
def test_a_log_that_carries_on_is_accepted(old: int, new: int) -> None:
    old, new = sorted((old, new))
    judgement = judge(AddCheckpoint.parse(request_at(old, new).body), log_key=LOG_KEY, known=known(old))
    assert (judgement.status, judgement.accepted) == (200, checkpoint_at(new))


def test_an_unknown_log_is_404() -> None:
    judgement = judge(request_at(0, 7), log_key=None, known=None)
    assert (judgement.status, judgement.accepted) == (404, None)


@pytest.mark.parametrize("forged", [False, True])
def test_a_checkpoint_without_the_logs_own_signature_is_403(forged: bool) -> None:
    signature = sign_text(TEXT, EVE, ORIGIN)
    line = signature.line if not forged else note_at(8).split(b"\n\n")[1]
    request_made = AddCheckpoint(old_size=0, proof=(), checkpoint_note=TEXT + b"\n" + line)
    assert judge(request_made, log_key=LOG_KEY, known=None).status == 403


def test_an_old_size_above_the_checkpoint_is_400_whatever_the_witness_knows() -> None:
    request_made = AddCheckpoint(old_size=8, proof=(), checkpoint_note=note_at(7))
    for size in (0, 7, 8):
        assert judge(request_made, log_key=LOG_KEY, known=known(size)).status == 400


@pytest.mark.parametrize(("asked", "held"), [(0, 5), (4, 5), (6, 5), (5, 0), (0, 100)])
def test_a_stale_old_size_is_409_with_the_size_held(asked: int, held: int) -> None:
    judgement = judge(request_at(asked, 7), log_key=LOG_KEY, known=known(held))
    assert (judgement.status, judgement.body, judgement.content_type) == (409, b"%d\n" % held, SIZE_TYPE)
    assert read_conflict(judgement.body) == held


def test_a_rolled_back_log_is_409_with_the_larger_size() -> None:
    judgement = judge(request_at(3, 5), log_key=LOG_KEY, known=known(7))
    assert (judgement.status, read_conflict(judgement.body)) == (409, 7)


def test_another_root_at_the_same_size_is_409_and_says_fork() -> None:
    forked = Checkpoint(ORIGIN, 7, bytes(32))
    judgement = judge(request_at(7, 7), log_key=LOG_KEY, known=forked)
    assert (judgement.status, judgement.accepted) == (409, None)
    assert judgement.content_type != SIZE_TYPE
    assert b"forked" in judgement.body


def test_a_history_rewritten_below_a_larger_size_is_422() -> None:
    judgement = judge(request_at(5, 7), log_key=LOG_KEY, known=Checkpoint(ORIGIN, 5, bytes(32)))
    assert (judgement.status, judgement.accepted) == (422, None)


@pytest.mark.parametrize("old", [0, 7])
def test_a_proof_where_none_belongs_is_422(old: int) -> None:
    request_made = AddCheckpoint(old_size=old, proof=(bytes(32),), checkpoint_note=note_at(7))
    assert judge(request_made, log_key=LOG_KEY, known=known(old)).status == 422


@pytest.mark.parametrize("change", ["missing", "short", "long", "wrong"])
def test_a_proof_that_does_not_hold_is_422(change: str) -> None:
    right = consistency_proof(5, 100, read_hash)
    wrong = {
        "missing": (),
        "short": right[:-1],
        "long": (*right, bytes(32)),
        "wrong": (*right[:-1], bytes(32)),
    }
    request_made = AddCheckpoint(old_size=5, proof=wrong[change], checkpoint_note=note_at(100))
    assert judge(request_made, log_key=LOG_KEY, known=known(5)).status == 422


@given(st.integers(min_value=0))
def test_no_bit_of_a_request_can_be_changed_and_be_accepted(bit: int) -> None:
    body = request_at(5, 100).body
    try:
        request_made = AddCheckpoint.parse(flipped(body, bit))
    except PeerError:
        return
    assert judge(request_made, log_key=LOG_KEY, known=known(5)).status != 200


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty line"),
        (NOTE, "old <size>"),
        (f"old 05\n\n{NOTE}", "old size"),
        (f"old -5\n\n{NOTE}", "old size"),
        (f"old  5\n\n{NOTE}", "old size"),
        (f"old 5.0\n\n{NOTE}", "old size"),
        (f"old {2**63}\n\n{NOTE}", "old size"),
        (f"Old 5\n\n{NOTE}", "old <size>"),
        (f"old 5\n{HASH[:-4]}\n\n{NOTE}", "proof line 1"),
        (f"old 5\n{HASH}\n{HASH} \n\n{NOTE}", "proof line 2"),
        (f"old 5\n{HASH[:-2]}x=\n\n{NOTE}", "proof line 1"),
        (f"old 5\n{NOTE}", "proof line 1"),
        (f"old 5\r\n\n{NOTE}", "control"),
        ("old 5\n\n", "empty line"),
        (f"old 5\n\n{NOTE}\n", "newline"),
        (f"old 5\n\n\n{NOTE}", "line 2"),
    ],
)
def test_a_malformed_request_is_refused_by_its_rule(text: str, rule: str) -> None:
    with pytest.raises(PeerError, match=rule):
        AddCheckpoint.parse(text.encode())


def test_more_proof_lines_than_any_tree_needs_are_refused() -> None:
    with pytest.raises(PeerError, match="at most 63"):
        AddCheckpoint.parse(f"old 5\n{HASHES}\n{NOTE}".encode())


def test_a_request_beyond_its_bound_is_not_even_read() -> None:
    with pytest.raises(PeerError, match="at most"):
        AddCheckpoint.parse(b"x" * (MAX_REQUEST_BYTES + 1))


@pytest.mark.parametrize("body", [b"", b"7", b"07\n", b"7\n\n", b"-7\n", b"7\r\n", b"seven\n", b"9" * 40 + b"\n"])
def test_a_conflict_that_is_no_size_is_refused(body: bytes) -> None:
    with pytest.raises(PeerError):
        read_conflict(body)


def test_a_witness_is_believed_by_its_own_line_only() -> None:
    assert read_cosignature(cosigned(1, 0, 2), TEXT, WITNESS_KEYS[0]) == (cosigned(0), NOON)
    with pytest.raises(PeerError, match="no cosignature"):
        read_cosignature(cosigned(1, 2), TEXT, WITNESS_KEYS[0])


@given(st.integers(min_value=0))
def test_no_bit_of_a_witnesss_answer_can_be_changed(bit: int) -> None:
    with pytest.raises(PeerError):
        read_cosignature(flipped(cosigned(0), bit), TEXT, WITNESS_KEYS[0])


def test_a_witness_cannot_move_its_cosignature_to_another_text() -> None:
    other = sign_checkpoint(checkpoint_at(7), EVE).split(b"\n\n")[1]
    stretched = TEXT + b"\n" + other
    body = other + b"\n" + cosign(stretched, WITNESSES[0], WITNESS_NAMES[0], NOON)
    with pytest.raises(PeerError):
        read_cosignature(body, TEXT, WITNESS_KEYS[0])


@pytest.mark.parametrize("body", [b"", b"\n", b"OK\n", cosigned(0)[:-1], b"\n" + cosigned(0)])
def test_an_answer_that_is_no_cosignature_is_refused(body: bytes) -> None:
    with pytest.raises(PeerError):
        read_cosignature(body, TEXT, WITNESS_KEYS[0])


def test_a_cosignature_without_a_time_is_refused() -> None:
    with pytest.raises(PeerError, match="no time"):
        read_cosignature(cosigned(0, time_unix_s=0), TEXT, WITNESS_KEYS[0])
