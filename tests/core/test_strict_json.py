"""A JSON document from outside has one reading, or is refused before it can hurt: on every depth, by every reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hansa.evidence.account import read_account
from hansa_audit.folder.trusted_keys import read_roster
from hansa_core.contract.level import Level
from hansa_core.documents.bounds import MAX_DEPTH, MAX_DOCUMENT_BYTES
from hansa_core.documents.canonical_json import canonical_json, read_canonical
from hansa_core.documents.strict_json import read_object, read_value
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.opening import decode_disclosure, decode_opening
from hansa_core.league.credential import credential_from_envelope
from hansa_core.league.roster import roster_from_envelope
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_log_entries import Writer, decision_on
from hansa_trust_values import NOW, league_of

DEPTHS = (*range(2, 130), *range(130, 6001, 37), 6000)
LEAF = Writer().write(decision_on("q1")).leaves[0]
LEAGUE = league_of("bremen")
GOVERNORS = [Ed25519Signer(bytes([number]) * 32) for number in (1, 2)]


def read_signed_roster(document: bytes) -> None:
    envelope = sign(payload_types.ROSTER, document, *GOVERNORS)
    roster_from_envelope(envelope, [each.public_key for each in GOVERNORS], 2, NOW)


def read_self_signed_roster(document: bytes) -> None:
    read_roster(envelope_to_json(sign(payload_types.ROSTER, document, *GOVERNORS)), None)


def read_credential(document: bytes) -> None:
    signer = LEAGUE.holder("bremen").credential_key
    credential_from_envelope(sign(payload_types.CREDENTIAL, document, signer), LEAGUE.roster, NOW)


READERS: dict[str, Callable[[bytes], object]] = {
    "entry": lambda document: decode_entry(LEAF.replace(b'"ledgers":[]', b'"ledgers":' + document)),
    "opening": decode_opening,
    "disclosure": decode_disclosure,
    "envelope": envelope_from_json,
    "roster": read_signed_roster,
    "self-signed roster": read_self_signed_roster,
    "credential": read_credential,
    "kept question": read_account,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_no_depth_of_nesting_brings_a_reader_down(read: Callable[[bytes], object], pair: tuple[bytes, bytes]) -> None:
    for depth in DEPTHS:
        inner = b"1" if pair[0] != b"[" else b""
        with pytest.raises((PeerError, RefusedError)):
            read(pair[0] * depth + inner + pair[1] * depth)


def test_nesting_is_read_to_its_bound_and_no_further() -> None:
    assert read_value(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, "it") is not None
    with pytest.raises(PeerError, match=f"it is not strict JSON: it is nested too deeply: at most {MAX_DEPTH} levels"):
        read_value(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "it")


def test_brackets_in_texts_and_beside_each_other_are_no_nesting() -> None:
    assert read_value(b'{"a":"%s\\"[","b":[%s[]]}' % (b"[{" * 500, b"[]," * 500), "it") is not None


def test_a_document_beyond_the_bound_is_refused_unparsed() -> None:
    with pytest.raises(PeerError, match=f"it has {MAX_DOCUMENT_BYTES + 1} bytes; at most"):
        read_value(b" " * (MAX_DOCUMENT_BYTES + 1), "it")


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        (b'{"a":1,\n"b":{"c":2},\r\n"a":3}', "field 'a' stands in it twice, on line 1 and on line 3; keep one"),
        (
            b'{"a":{"c":1},"b":\n[{"c":2},{"x":"{c:","c":3,\n\n"\\u0063":4}]}',
            "field 'c' stands in it twice, on line 2 and on line 4",
        ),
        (b'\n{"a":1,"a":1}', "field 'a' stands in it twice, on line 2 and on line 2"),
    ],
)
def test_a_repeated_field_is_named_with_both_lines(document: bytes, lines: str) -> None:
    with pytest.raises(PeerError) as refusal:
        read_object(document, "it")
    assert lines in str(refusal.value)


_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(Level),  # a word of an enumeration is its text
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_ANY)
def test_the_encoder_writes_what_rfc_8785_demands(value: object) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_names_are_sorted_as_utf_16_and_not_by_code_point() -> None:
    assert canonical_json({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", {1: 2}, {"\ud800": 1}, object()])
def test_a_value_without_a_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical_json([value])


def test_half_of_a_surrogate_pair_is_refused_in_a_canonical_document() -> None:
    with pytest.raises(PeerError, match="not strict JSON"):
        read_canonical(b'"\\ud800"', "it")


def test_a_self_signed_roster_without_its_keys_is_refused() -> None:
    with pytest.raises(PeerError, match="roster: field governance_keys is missing"):
        read_self_signed_roster(b"{}")


def test_a_byte_order_mark_is_named() -> None:
    with pytest.raises(PeerError, match="begins with a byte order mark, which is no part of what was signed"):
        read_object(b'\xef\xbb\xbf{"a": 1}', "roster")
