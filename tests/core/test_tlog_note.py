"""Signed notes: read as Go reads them, and believed only under the very key."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.note import (
    COSIGNATURE_V1,
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    VerifierKey,
    check_note,
    read_note,
    read_signatures,
    sign_text,
    write_note,
)
from hansa_tlog_values import EVE, LOG, LOG_KEY, ORIGIN, VECTORS, flipped, note_at

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z"), exclude_characters="+"), min_size=1, max_size=20)
SIGNATURES = st.builds(NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=60).map(
    lambda text: (text + "\n").encode()
)
NOTES = st.builds(Note, TEXTS, st.lists(SIGNATURES, min_size=1, max_size=4).map(tuple))
TEXT = b"This is an example message.\n"
SIGNED = Note(TEXT, (sign_text(TEXT, LOG, ORIGIN),))


@pytest.mark.parametrize("vector", VECTORS["signed_notes"])
def test_published_notes_verify_and_are_written_alike(vector: dict[str, str]) -> None:
    key, content = VerifierKey.parse(vector["vkey"]), vector["note"].encode()
    note = read_note(content)
    check_note(note, key)
    assert write_note(note) == content
    assert key.text == vector["vkey"]


def test_a_published_private_key_signs_the_published_bytes() -> None:
    vector = next(each for each in VECTORS["signed_notes"] if "skey" in each)
    seed = base64.b64decode(vector["skey"].split("+", 4)[4])[1:]
    note = read_note(vector["note"].encode())
    name = note.signatures[0].name
    assert write_note(Note(note.text, (sign_text(note.text, Ed25519Signer(seed), name),))) == vector["note"].encode()


@pytest.mark.parametrize("vkey", VECTORS["bad_vkeys"])
def test_published_bad_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(PeerError):
        VerifierKey.parse(vkey)


@given(NAMES, st.sampled_from([ED25519, COSIGNATURE_V1]), st.binary(min_size=32, max_size=32))
def test_a_vkey_gives_back_its_key(name: str, algorithm: int, seed: bytes) -> None:
    key = VerifierKey(name, algorithm, Ed25519Signer(seed).public_key)
    assert VerifierKey.parse(key.text) == key


@given(st.integers(min_value=0))
def test_no_bit_of_a_vkey_can_be_changed(bit: int) -> None:
    changed = flipped(LOG_KEY.text.encode(), bit).decode("utf-8", "replace")
    with pytest.raises(PeerError):
        VerifierKey.parse(changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("+", " ", 1),
        lambda text: text.upper(),
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text + "=",
        lambda text: text[:-4],
        lambda text: text.rsplit("+", 1)[0],
        lambda text: text.replace(f"+{LOG_KEY.key_id.hex()}+", f"+{LOG_KEY.key_id.hex().upper()}+"),
        lambda text: text.replace(f"+{LOG_KEY.key_id.hex()}+", "+00000000+"),
        lambda text: text.replace(f"+{LOG_KEY.key_id.hex()}+", "++"),
    ],
)
def test_a_vkey_in_any_other_spelling_is_refused(change: Callable[[str], str]) -> None:
    assert change(LOG_KEY.text) != LOG_KEY.text
    with pytest.raises(PeerError):
        VerifierKey.parse(change(LOG_KEY.text))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), bytes(32), b"\x01" + bytes(31)])
def test_a_key_that_signs_anything_or_is_none_is_refused(key: bytes) -> None:
    with pytest.raises(PeerError):
        VerifierKey(ORIGIN, ED25519, key)


@pytest.mark.parametrize("algorithm", [0, 2, 3, 5, 6, 255])
def test_a_key_of_another_type_is_refused(algorithm: int) -> None:
    with pytest.raises(PeerError, match="signature type"):
        VerifierKey(ORIGIN, algorithm, LOG.public_key)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u3000b", "a\nb", "a\x00b", "a\x85b", "\ud800"])
def test_a_name_that_cannot_stand_in_a_line_is_refused(name: str) -> None:
    with pytest.raises(PeerError, match=r"key name|name of a vkey"):
        VerifierKey(name, ED25519, LOG.public_key)
    with pytest.raises(PeerError, match="key name"):
        NoteSignature(name, bytes(4), b"s")


@given(NOTES)
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert read_note(write_note(note)) == note


@given(st.integers(min_value=0))
def test_no_bit_of_a_signed_note_can_be_changed(bit: int) -> None:
    with pytest.raises(PeerError):
        check_note(read_note(flipped(write_note(SIGNED), bit)), LOG_KEY)


@given(st.integers(min_value=0, max_value=len(note_at(7)) - 1))
def test_a_note_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(PeerError):
        check_note(read_note(note_at(7)[:length]), LOG_KEY)


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = read_note(b"one\n\ntwo\n\n" + SIGNED.signatures[0].line)
    assert note.text == b"one\n\ntwo\n"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty line"),
        (b"text\n", "empty line"),
        (b"text\n\n", "newline"),
        (b"text\n\n\n", "newline"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAE=", "newline"),
        (b"text\n\n- a AAAAAAE=\n", "em dash"),
        (b"text\n\n\xe2\x80\x94a AAAAAAE=\n", "em dash"),
        (b"text\n\n\xe2\x80\x94 aAAAAAE=\n", "em dash"),
        (b"text\n\n\xe2\x80\x94  AAAAAAE=\n", "non-empty"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAE= \n", "base64"),
        (b"text\n\n\xe2\x80\x94 a  AAAAAAE=\n", "base64"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAE=\nmore\n", "signature line 2"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAF=\n", "canonical"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAE\n", "base64"),
        (b"text\n\n\xe2\x80\x94 a AAAAAA_-\n", "base64"),
        (b"text\n\n\xe2\x80\x94 a AAAAAA==\n", "key id"),
        (b"text\n\n\xe2\x80\x94 a AAA=\n", "key id"),
        (b"text\r\n\n\xe2\x80\x94 a AAAAAAE=\n", "control"),
        (b"te\x00xt\n\n\xe2\x80\x94 a AAAAAAE=\n", "control"),
        (b"te\txt\n\n\xe2\x80\x94 a AAAAAAE=\n", "control"),
        (b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAE=\n", "UTF-8"),
        (b"te\xed\xa0\x80xt\n\n\xe2\x80\x94 a AAAAAAE=\n", "UTF-8"),
    ],
)
def test_a_malformed_note_is_refused_by_its_rule(content: bytes, rule: str) -> None:
    with pytest.raises(PeerError, match=rule):
        read_note(content)


def test_as_many_signatures_as_allowed_are_read_and_no_more() -> None:
    line = "— a AAAAAAE=\n".encode()
    assert len(read_note(b"text\n\n" + line * MAX_SIGNATURES).signatures) == MAX_SIGNATURES
    with pytest.raises(PeerError, match="more than 100"):
        read_note(b"text\n\n" + line * (MAX_SIGNATURES + 1))


def test_a_note_beyond_its_bound_is_not_even_read() -> None:
    with pytest.raises(PeerError, match="at most"):
        read_note(b"x" * MAX_NOTE_BYTES + b"\n\n" + SIGNED.signatures[0].line)


def test_signatures_of_strangers_are_ignored() -> None:
    stranger = sign_text(TEXT, EVE, "eve.example")
    same_name = NoteSignature(ORIGIN, b"\xde\xad\xbe\xef", bytes(64))
    same_id = NoteSignature("eve.example", LOG_KEY.key_id, bytes(64))
    check_note(Note(TEXT, (stranger, same_name, *SIGNED.signatures, same_id)), LOG_KEY)


def test_a_note_that_only_strangers_signed_is_refused() -> None:
    with pytest.raises(PeerError, match="no signature by"):
        check_note(Note(TEXT, (sign_text(TEXT, EVE, ORIGIN),)), LOG_KEY)


def test_a_known_key_signs_a_note_once() -> None:
    with pytest.raises(PeerError, match="2 signatures"):
        check_note(Note(TEXT, SIGNED.signatures * 2), LOG_KEY)


def test_a_wrong_signature_under_a_known_name_and_id_is_refused() -> None:
    forged = NoteSignature(ORIGIN, LOG_KEY.key_id, EVE.sign(TEXT))
    with pytest.raises(PeerError, match="does not verify"):
        check_note(Note(TEXT, (forged,)), LOG_KEY)


def test_a_witness_key_signs_no_plain_note() -> None:
    with pytest.raises(PeerError, match="type 0x01"):
        check_note(SIGNED, VerifierKey(ORIGIN, COSIGNATURE_V1, LOG.public_key))


@pytest.mark.parametrize(
    ("text", "signatures"), [(b"", SIGNED.signatures), (b"text", SIGNED.signatures), (b"text\n", ())]
)
def test_a_note_that_could_not_be_read_is_never_made(text: bytes, signatures: tuple[NoteSignature, ...]) -> None:
    with pytest.raises(PeerError):
        Note(text, signatures)


def test_a_note_too_long_to_be_read_is_never_written() -> None:
    with pytest.raises(PeerError, match="at most"):
        write_note(Note(b"x" * (MAX_NOTE_BYTES - 1) + b"\n", SIGNED.signatures))


def test_one_line_is_one_signature() -> None:
    (signature,) = SIGNED.signatures
    assert NoteSignature.parse(signature.line) == signature
    assert read_signatures(signature.line * 2) == (signature, signature)
    with pytest.raises(PeerError, match="one signature line"):
        NoteSignature.parse(signature.line * 2)
