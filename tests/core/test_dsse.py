"""Envelopes: nothing that was not signed as what it claims to be is ever returned."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import MAX_SIGNATURES, Ed25519Signer, Envelope, Signature, pae, sign, verify
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_core.signing.keys import check_public_key, public_key_id

ANN, BOB, EVE = (Ed25519Signer(bytes([seed]) * 32) for seed in (1, 2, 3))
BOTH = (ANN.public_key, BOB.public_key)
SIGNED = sign(payload_types.QUERY, b"how many permits?", ANN)
SIGNED_BY_TWO = sign(payload_types.ROSTER, b"the league", ANN, BOB)
FILE = envelope_to_json(SIGNED_BY_TWO)


def flipped(content: bytes, bit: int) -> bytes:
    bit %= len(content) * 8
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def opened(envelope: Envelope) -> bytes:
    return verify(envelope, payload_types.QUERY, [ANN.public_key])


def test_the_encoding_is_that_of_the_dsse_specification() -> None:
    # Source: secure-systems-lab/dsse, protocol.md, "Test Vectors".
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_signature_is_plain_ed25519_over_the_encoding() -> None:
    key = Ed25519PublicKey.from_public_bytes(ANN.public_key)
    key.verify(SIGNED.signatures[0].sig, pae(payload_types.QUERY, b"how many permits?"))
    assert SIGNED.signatures[0].keyid == hashlib.sha256(ANN.public_key).hexdigest()


@given(st.binary(max_size=200), st.sampled_from([payload_types.QUERY, payload_types.ANSWER]))
def test_what_was_signed_comes_back(payload: bytes, payload_type: str) -> None:
    envelope = envelope_from_json(envelope_to_json(sign(payload_type, payload, ANN, BOB)))
    assert verify(envelope, payload_type, BOTH, threshold=2) == payload


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.binary(max_size=50))
def test_an_envelope_file_is_json_in_one_layout(payload_type: str, payload: bytes) -> None:
    written = envelope_to_json(sign(payload_type, payload, ANN, BOB))
    assert written == json.dumps(json.loads(written), indent=1).encode() + b"\n"


@given(st.integers(min_value=0), st.sampled_from(["type", "payload", "keyid", "sig"]))
def test_no_bit_of_a_signed_envelope_can_be_changed(bit: int, part: str) -> None:
    payload_type, payload, (signature,) = SIGNED.payload_type, SIGNED.payload, SIGNED.signatures
    keyid, sig = signature.keyid, signature.sig
    match part:
        case "type":
            payload_type = flipped(payload_type.encode(), bit).decode("latin-1")
        case "payload":
            payload = flipped(payload, bit)
        case "keyid":
            keyid = flipped(keyid.encode(), bit).decode("latin-1")
        case _:
            sig = flipped(sig, bit)
    with pytest.raises(PeerError):
        opened(Envelope(payload_type, payload, (Signature(keyid, sig),)))


@given(st.integers(min_value=0, max_value=len(FILE) * 8 - 1))
def test_no_bit_of_an_envelope_file_can_be_changed_even_where_one_signature_would_do(bit: int) -> None:
    with pytest.raises(PeerError):
        verify(envelope_from_json(flipped(FILE, bit)), payload_types.ROSTER, BOTH, threshold=1)


def test_a_query_cannot_be_turned_into_a_dry_run() -> None:
    turned = Envelope(payload_types.DRY_RUN, SIGNED.payload, SIGNED.signatures)
    with pytest.raises(PeerError, match="does not verify"):
        verify(turned, payload_types.DRY_RUN, [ANN.public_key])
    with pytest.raises(PeerError, match="not of type"):
        opened(turned)


def test_no_other_split_of_type_and_payload_shares_a_signature() -> None:
    assert pae("a", b"b c") != pae("a 3 b", b"c")


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_none(size: int) -> None:
    with pytest.raises(PeerError, match=f"sig has {size} bytes"):
        Signature(ANN.keyid, bytes(size))


def test_a_foreign_signature_is_refused() -> None:
    with pytest.raises(PeerError, match="unknown key"):
        opened(sign(payload_types.QUERY, b"how many permits?", EVE))


def test_a_foreign_signature_under_a_borrowed_key_id_is_refused() -> None:
    forged = sign(payload_types.QUERY, b"how many permits?", EVE).signatures[0].sig
    with pytest.raises(PeerError, match="does not verify"):
        opened(Envelope(payload_types.QUERY, b"how many permits?", (Signature(ANN.keyid, forged),)))


def test_a_foreign_signature_beside_a_good_one_spoils_the_envelope() -> None:
    with pytest.raises(PeerError, match="unknown key"):
        opened(sign(payload_types.QUERY, b"how many permits?", ANN, EVE))


def test_one_governor_who_signs_twice_counts_once() -> None:
    with pytest.raises(PeerError, match="1 keys signed"):
        verify(sign(payload_types.ROSTER, b"coup", ANN, ANN), payload_types.ROSTER, BOTH, threshold=2)


def test_one_governor_whose_key_is_listed_twice_counts_once() -> None:
    keys = (ANN.public_key, ANN.public_key)
    with pytest.raises(PeerError, match="1 keys signed"):
        verify(sign(payload_types.ROSTER, b"coup", ANN, ANN), payload_types.ROSTER, keys, threshold=2)


def test_a_threshold_below_one_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="nobody has to sign"):
        verify(SIGNED, payload_types.QUERY, [ANN.public_key], threshold=0)


def test_an_envelope_without_or_with_too_many_signatures_is_refused() -> None:
    for count in (0, MAX_SIGNATURES + 1):
        with pytest.raises(PeerError, match="signatures"):
            Envelope(payload_types.QUERY, b"", SIGNED.signatures * count)


@pytest.mark.parametrize("keyid", ["", ANN.keyid.upper(), ANN.keyid + "\n", ANN.keyid[:-1], "g" * 64])
def test_a_key_id_that_is_not_lower_case_hex_is_refused(keyid: str) -> None:
    with pytest.raises(PeerError, match="keyid"):
        Signature(keyid, bytes(64))


def test_a_signature_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(PeerError, match="63 bytes"):
        Signature(ANN.keyid, bytes(63))


def test_a_key_of_small_order_that_signs_anything_is_refused() -> None:
    identity = b"\x01" + bytes(31)
    one_for_all = identity + bytes(32)
    for message in (b"I asked this", b"I never asked that"):
        Ed25519PublicKey.from_public_bytes(identity).verify(one_for_all, message)
    for key in (identity, identity[:-1] + b"\x80", bytes(32)):
        with pytest.raises(ValueError, match="small order"):
            check_public_key(key, "key")


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        check_public_key(ANN.public_key[:-1], "answer_key")
    assert public_key_id(ANN.public_key) == ANN.keyid


def document(**changes: object) -> bytes:
    return json.dumps({**json.loads(FILE), **changes}).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (document(payload="aGVsbG8"), "base64"),  # no padding
        (document(payload="aGVsbG9="), "canonical"),  # stray bits behind the last byte
        (document(payload="aGVs\nbG8="), "base64"),
        (document(payload="_-__"), "base64"),  # the URL alphabet
        (document(payload="é"), "base64"),
        (document(payload=1), "must be a string"),
        (document(signatures={}), "must be a list"),
        (document(signatures=["x"]), "must be an object"),
        (document(payloadtype="x"), "did you mean payloadType"),
        (document(extra=1), "unknown field 'extra'"),
        (b'{"payload": "", "signatures": []}', "payloadType is missing"),
        (b'{"payload": "", "payload": ""}', "twice"),
        (b'{"payload": NaN}', "whole number"),
        (b'{"payload": 1.0}', "whole number"),
        (b'{"payload": ' + b"9" * 5000 + b"}", "strict JSON"),
        (b"[]", "must be a JSON object"),
        (b"\xff{}", "strict JSON"),
        (b"\xef\xbb\xbf{}", "strict JSON"),
        (b"", "strict JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (FILE + b"{}", "strict JSON"),
    ],
)
def test_a_file_that_is_not_strict_dsse_json_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(PeerError, match=reason):
        envelope_from_json(content)
