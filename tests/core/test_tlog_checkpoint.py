"""Checkpoints and cosignatures: a root counts only as its log signed it, and as witnesses saw it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, open_checkpoint, sign_checkpoint
from hansa_core.tlog.cosignature import check_cosignature, cosign, cosignature_time
from hansa_core.tlog.merkle import EMPTY_ROOT
from hansa_core.tlog.note import COSIGNATURE_V1, ED25519, Note, NoteSignature, VerifierKey, read_note, write_note
from hansa_core.tlog.spelling import MAX_NUMBER
from hansa_tlog_values import (
    EVE,
    LOG,
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
)

LINES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES,
    st.integers(min_value=1, max_value=MAX_NUMBER),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@given(CHECKPOINTS)
def test_a_checkpoint_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_the_published_checkpoint_is_read() -> None:
    checkpoint = Checkpoint.parse(read_note(VECTORS["cosigned_checkpoint"]["note"].encode()).text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)


def test_a_signed_checkpoint_opens_under_its_log_key() -> None:
    assert open_checkpoint(note_at(7, cosigned_by=3), LOG_KEY) == checkpoint_at(7)


def test_a_checkpoint_of_nothing_carries_the_root_of_nothing() -> None:
    assert Checkpoint.parse(Checkpoint(ORIGIN, 0, EMPTY_ROOT).text).size == 0
    with pytest.raises(PeerError, match="empty tree"):
        Checkpoint(ORIGIN, 0, bytes(32))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "lines for origin"),
        (f"o\n7\n{ROOT}", "newline"),
        ("o\n7\n", "lines for origin"),
        (f"\n7\n{ROOT}\n", "origin"),
        (f"o\n07\n{ROOT}\n", "line 2"),
        (f"o\n+7\n{ROOT}\n", "line 2"),
        (f"o\n-7\n{ROOT}\n", "line 2"),
        (f"o\n7 \n{ROOT}\n", "line 2"),
        (f"o\n٧\n{ROOT}\n", "line 2"),
        (f"o\n\n{ROOT}\n", "line 2"),
        (f"o\n{2**63}\n{ROOT}\n", "line 2"),
        (f"o\n{'9' * 5000}\n{ROOT}\n", "line 2"),
        (f"o\n7\n{ROOT[:-1]}\n", "line 3"),
        (f"o\n7\n{ROOT[:-2]}J=\n", "line 3"),
        ("o\n7\nAAAA\n", "line 3"),
        (f"o\n7\n{ROOT}\n\n", "extension"),
        (f"o\n7\n{ROOT}\n\nmore\n", "extension"),
        (f"o\r\n7\r\n{ROOT}\r\n", "control"),
    ],
)
def test_a_malformed_checkpoint_is_refused_by_its_line(text: str, rule: str) -> None:
    with pytest.raises(PeerError, match=rule):
        Checkpoint.parse(text.encode())


def test_another_logs_checkpoint_is_refused_even_under_the_right_key() -> None:
    other = Checkpoint("node.bremen/log", 7, bytes(32))
    signed = add_signatures(
        sign_checkpoint(other, LOG), NoteSignature(ORIGIN, LOG_KEY.key_id, LOG.sign(other.text)).line
    )
    with pytest.raises(PeerError, match="another log"):
        open_checkpoint(signed, LOG_KEY)


def test_a_checkpoint_that_another_key_signed_is_refused() -> None:
    with pytest.raises(PeerError, match="no signature"):
        open_checkpoint(sign_checkpoint(checkpoint_at(7), EVE), LOG_KEY)


@given(st.integers(min_value=0))
def test_no_bit_of_a_signed_checkpoint_can_be_changed(bit: int) -> None:
    with pytest.raises(PeerError):
        open_checkpoint(flipped(note_at(7), bit), LOG_KEY)


def test_a_signature_is_added_once_and_the_newer_one_stays() -> None:
    text = checkpoint_at(7).text
    earlier, later = (cosign(text, WITNESSES[0], WITNESS_NAMES[0], NOON + second) for second in (0, 9))
    note = add_signatures(add_signatures(note_at(7), earlier), later)
    assert check_cosignature(read_note(note), WITNESS_KEYS[0]) == NOON + 9
    assert open_checkpoint(note, LOG_KEY) == checkpoint_at(7)
    assert note.endswith(later)


def test_the_published_cosignature_carries_its_time() -> None:
    vector = VECTORS["cosigned_checkpoint"]
    (signature,) = (each for each in read_note(vector["note"].encode()).signatures if each.name == vector["witness"])
    assert int.from_bytes(signature.signature[:8], "big") == vector["time_unix_s"]
    assert len(signature.signature) == 72


def test_a_cosignature_signs_the_text_that_the_specification_writes() -> None:
    line = cosign(b"example.com/behind-the-sofa\n20852163\n" + ROOT.encode() + b"\n", LOG, "w", 1679315147)
    signature = NoteSignature.parse(line)
    key = VerifierKey("w", COSIGNATURE_V1, LOG.public_key)
    assert signature.key_id == key.key_id
    assert signature.signature[8:] == LOG.sign(
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n" + ROOT.encode() + b"\n"
    )


@given(st.integers(min_value=0, max_value=MAX_NUMBER))
def test_a_cosignature_says_when(time_unix_s: int) -> None:
    note = add_signatures(note_at(7), cosign(checkpoint_at(7).text, WITNESSES[0], WITNESS_NAMES[0], time_unix_s))
    assert check_cosignature(read_note(note), WITNESS_KEYS[0]) == time_unix_s


@given(st.integers(min_value=0))
def test_no_bit_of_a_cosigned_text_or_its_cosignature_can_be_changed(bit: int) -> None:
    text = checkpoint_at(7).text
    line = cosign(text, WITNESSES[0], WITNESS_NAMES[0], NOON)
    with pytest.raises(PeerError):
        check_cosignature(read_note(flipped(text + b"\n" + line, bit)), WITNESS_KEYS[0])


def test_a_missing_cosignature_is_none_and_refused_where_it_is_needed() -> None:
    note = read_note(note_at(7, cosigned_by=1))
    assert cosignature_time(note, WITNESS_KEYS[1]) is None
    with pytest.raises(PeerError, match="no cosignature"):
        check_cosignature(note, WITNESS_KEYS[1])


def test_a_log_key_cosigns_nothing() -> None:
    with pytest.raises(PeerError, match="type 0x04"):
        check_cosignature(read_note(note_at(7)), LOG_KEY)


def test_a_plain_signature_is_no_cosignature() -> None:
    text = checkpoint_at(7).text
    plain = NoteSignature(WITNESS_NAMES[0], WITNESS_KEYS[0].key_id, WITNESSES[0].sign(text))
    with pytest.raises(PeerError, match="72"):
        check_cosignature(Note(text, (plain,)), WITNESS_KEYS[0])


def test_a_time_beyond_63_bits_is_refused() -> None:
    text = checkpoint_at(7).text
    stamped = NoteSignature(WITNESS_NAMES[0], WITNESS_KEYS[0].key_id, b"\xff" * 8 + bytes(64))
    with pytest.raises(PeerError, match="time"):
        check_cosignature(Note(text, (stamped,)), WITNESS_KEYS[0])
    with pytest.raises(PeerError, match="time"):
        cosign(text, WITNESSES[0], WITNESS_NAMES[0], -1)


def test_one_key_of_two_types_has_two_ids() -> None:
    assert VerifierKey("w", ED25519, LOG.public_key).key_id != VerifierKey("w", COSIGNATURE_V1, LOG.public_key).key_id


def test_a_note_keeps_its_lines_byte_for_byte() -> None:
    note = note_at(7, cosigned_by=3)
    assert write_note(read_note(note)) == note
