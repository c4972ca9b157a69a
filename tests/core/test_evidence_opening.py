"""What a leaf commits to can be shown field by field, and cannot be guessed or changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.documents.canonical_json import MAX_INTEGER, JsonValue
from hansa_core.errors import PeerError
from hansa_core.evidence.opening import (
    Disclosure,
    Opening,
    check_disclosure,
    decode_disclosure,
    decode_opening,
    encode_disclosure,
    encode_opening,
    seal_opening,
)
from hansa_tlog_values import flipped

VALUES: Mapping[str, JsonValue] = {
    "query": '{"payload":"…"}\n',
    "analyst": {"subject": "a.meyer", "key_id": "ab" * 32},
    "causes": {"threshold": 3},
}
SALTS = {field: bytes([number]) * 16 for number, field in enumerate(VALUES)}
OPENING = seal_opening(VALUES, SALTS)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_digest_is_sha_256_of_salt_field_and_value_in_rfc_8785() -> None:
    disclosure = OPENING.disclosure("analyst")
    assert disclosure is not None
    written = b'["AAAAAAAAAAAAAAAAAAAAAA","analyst",{"key_id":"%s","subject":"a.meyer"}]' % (b"ab" * 32)
    written = written.replace(b"A" * 22, b"AQEBAQEBAQEBAQEBAQEBAQ")
    assert disclosure.digest == hashlib.sha256(written).hexdigest()
    assert OPENING.digests["analyst"] == disclosure.digest
    assert OPENING.disclosure("policy_hash") is None


@given(_JSON, st.binary(min_size=16, max_size=16))
@settings(max_examples=100)
def test_any_value_comes_back_and_matches_its_digest(value: JsonValue, salt: bytes) -> None:
    opening = seal_opening({"query": value}, {"query": salt})
    (disclosure,) = decode_opening(encode_opening(opening)).disclosures
    again = decode_disclosure(encode_disclosure(disclosure))
    check_disclosure(again, opening.digests)
    assert again.value == value
    assert encode_disclosure(again) == rfc8785.dumps(json.loads(encode_disclosure(again)))


@given(st.integers(min_value=0), st.sampled_from(sorted(VALUES)))
@settings(max_examples=200)
def test_one_flipped_bit_of_a_disclosure_is_found(bit: int, field: str) -> None:
    disclosure = OPENING.disclosure(field)
    assert disclosure is not None
    with pytest.raises(PeerError):
        check_disclosure(decode_disclosure(flipped(encode_disclosure(disclosure), bit)), OPENING.digests)


def test_a_value_cannot_be_shown_as_another_field() -> None:
    disclosure = OPENING.disclosure("query")
    assert disclosure is not None
    check_disclosure(disclosure, OPENING.digests)
    for lie in (
        replace(disclosure, field="analyst"),
        replace(disclosure, field="steward"),
        replace(disclosure, value="another"),
        replace(disclosure, salt=b"x" * 16),
    ):
        with pytest.raises(PeerError):
            check_disclosure(lie, OPENING.digests)


def test_equal_values_have_different_digests_under_fresh_salts() -> None:
    other = seal_opening(VALUES, {field: bytes([number + 100]) * 16 for number, field in enumerate(VALUES)})
    assert set(OPENING.digests.values()).isdisjoint(other.digests.values())


def test_an_opening_that_would_not_hide_is_not_born() -> None:
    with pytest.raises(ValueError, match="share a salt"):
        seal_opening(VALUES, dict.fromkeys(VALUES, bytes(16)))
    with pytest.raises(ValueError, match="one salt for each field"):
        seal_opening(VALUES, {"query": bytes(16)})
    with pytest.raises(ValueError, match="15 bytes; it needs 16"):
        Disclosure(field="query", salt=bytes(15), value="")
    with pytest.raises(ValueError, match="sorted"):
        Opening(disclosures=OPENING.disclosures[::-1])


@pytest.mark.parametrize(
    "value", [0.5, MAX_INTEGER + 1, [1, {"é": 1}], {1: 2}, b"bytes", "\ud800", {"a": [float("nan")]}]
)
def test_a_value_without_one_spelling_is_not_committed_to(value: JsonValue) -> None:
    with pytest.raises(ValueError):
        Disclosure(field="query", salt=bytes(16), value=value)


@pytest.mark.parametrize(
    "document",
    [
        b"[]",
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAA"}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAA","value":1,"zzz":1}',
        b'{"field":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA","value":1}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAA==","value":1}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAB","value":1}',
        b'{"field":"query","salt":"AAAA","value":1}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAA+/","value":1}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAA","value":1.5}',
        b'{"field":"query", "salt":"AAAAAAAAAAAAAAAAAAAAAA","value":1}',
        b'{"field":"query","salt":"AAAAAAAAAAAAAAAAAAAAAA","value":90071992547409921}',
    ],
)
def test_a_malformed_disclosure_is_the_peers_fault(document: bytes) -> None:
    with pytest.raises(PeerError):
        decode_disclosure(document)


def test_a_malformed_opening_is_the_peers_fault() -> None:
    twice = encode_opening(OPENING)[:-1] + b"," + encode_opening(OPENING)[1:]
    for document in (b"{}", b"[1]", twice):
        with pytest.raises(PeerError):
            decode_opening(document)
