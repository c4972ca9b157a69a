"""Which bytes are an entry of the log?"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, meta

from hansa_core.documents.canonical_json import MAX_INTEGER, canonical_json
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body, PolicyRef
from hansa_core.evidence.entries import BODIES
from hansa_core.evidence.entry import MAX_ENTRY_BYTES, Entry, decode_entry, encode_entry
from hansa_core.evidence.log_entries import OpeningRead, PeerHead
from hansa_core.evidence.query_entries import Decision
from hansa_core.evidence.rule_entries import TablesPublished
from hansa_core.evidence.schema import LOG_SCHEMA
from hansa_log_entries import CITY, FIRST_VERSIONS, NOON, ONE_OF_EACH, Writer, charge, decision_on, entries, refusal_of
from hansa_tlog_values import flipped

ROOT = Path(__file__).parents[2]
TYPES = [
    "log.genesis",
    "query.decision",
    "query.aborted",
    "approval.asked",
    "approval.given",
    "approval.denied",
    "policy.published",
    "dataset.registered",
    "data.version",
    "data.accepted",
    "tables.published",
    "node.recovered",
    "budget.created",
    "budget.reset",
    "roster.accepted",
    "key.added",
    "key.retired",
    "node.started",
    "opening.read",
    "peer.head",
]
WHOLE_SCHEMA = Draft202012Validator(LOG_SCHEMA)
CHARGES = tuple(charge(number, number, ledger=f"ledger-{number:090d}") for number in range(1, 500))
LEAF = Writer().write(decision_on("q1")).leaves[0]


def test_the_closed_list_of_types_is_whole() -> None:
    assert sorted(body.TYPE for body in BODIES) == sorted(TYPES)
    assert {type(body) for body in ONE_OF_EACH} == set(BODIES)


@given(entries())
@settings(max_examples=60)
def test_an_entry_comes_back_from_its_bytes_which_are_rfc_8785(entry: Entry) -> None:
    leaf = encode_entry(entry)
    assert decode_entry(leaf) == entry
    assert leaf == rfc8785.dumps(json.loads(leaf))
    assert WHOLE_SCHEMA.is_valid(json.loads(leaf))


def hash_of(*bodies: Body) -> str:
    return hashlib.sha256(b"\n".join(Writer().write(*bodies).leaves)).hexdigest()


def test_the_bytes_of_an_entry_do_not_change() -> None:
    """Whoever changes the form of a leaf makes another schema version, and sees it here first."""
    assert LEAF.startswith(
        b'{"data_version":1,"dataset":"housing.permits/1","decision":"permit","ledgers":[],"level":"con'
    )
    assert hash_of(*ONE_OF_EACH) == "0e0ddd0a3d288fdd363b1d4de6b139dc25e909a4473940e4af6ffa7d376ee38a"
    assert hash_of(*FIRST_VERSIONS) == "caff33c0b54e1cabb630167915a1dace43e0d4db609a88aa41b69feccbf51947"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b'"v":2', b'"v":2,"v":2', "field 'v' stands in it twice, on line 1 and on line 1"),
        (b'"recalled":false', b'"recalled":true,"recalled":false', "field 'recalled' stands in it twice"),
        (b'"v":2', b'"v": 2', "other bytes"),
        (b'"v":2', b'"v":2.0', "2.0 is no whole number"),
        (b'"v":2', b'"v":2e0', "2e0 is no whole number"),
        (b'"v":2', b'"v":NaN', "NaN is no whole number"),
        (b'"data_version":1', b'"data_version":-0', "other bytes"),
        (b'"data_version":1', b'"data_version":01', "strict JSON"),
        ("Köln".encode(), b"K\\u00f6ln", "other bytes"),
        ("Köln".encode(), "Köln".encode("latin-1"), "strict JSON"),
        ("Köln".encode(), b"K\\ud800ln", "strict JSON"),
        ("Köln".encode(), b"K\xed\xa0\x80ln", "strict JSON"),
        (
            b'{"data_version":1,"dataset":"housing.permits/1"',
            b'{"dataset":"housing.permits/1","data_version":1',
            "other",
        ),
        (b"{", b"\xef\xbb\xbf{", "JSON"),
        (b'"v":2}', b'"v":2}\n', "other bytes"),
        (b'"v":2}', b'"v":2', "strict JSON"),
        (b'"v":2', b'"v":3', "breaks its schema at v"),
        (b'"v":2', b'"v":1', "breaks its schema"),
        (b'"v":2', b'"v":2,"zzz":1', "breaks its schema"),
        (b"query.decision", b"query.decided", "'query.decided' is unknown"),
        (b'"decision":"permit"', b'"decision":"maybe"', "breaks its schema at decision"),
        (b'"data_version":1', b'"data_version":%d' % (MAX_INTEGER + 1), "breaks its schema at data_version"),
        (b'"data_version":1', b'"data_version":' + b"9" * 5000, "strict JSON"),
        (b'"data_version":1', b'"data_version":true', "breaks its schema at data_version"),
        (b'"ledgers":[]', b'"ledgers":' + b"[" * 5000 + b"]" * 5000, "JSON"),
    ],
)
def test_bytes_with_two_readings_or_a_foreign_field_are_no_entry(old: bytes, new: bytes, complaint: str) -> None:
    assert LEAF.count(old) >= 1
    with pytest.raises(PeerError, match=re.escape(complaint)):
        decode_entry(LEAF.replace(old, new, 1))


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"1", b'"query.decision"', b"{}", b'{"type":["query.decision"]}', b"null"]
)
def test_what_is_no_object_with_a_type_is_no_entry(document: bytes) -> None:
    with pytest.raises(PeerError):
        decode_entry(document)


@given(st.integers(min_value=0))
@settings(max_examples=200)
def test_one_flipped_bit_never_leaves_the_entry_as_it_was(bit: int) -> None:
    entry = decode_entry(LEAF)
    with contextlib.suppress(PeerError):
        assert decode_entry(flipped(LEAF, bit)) != entry


def test_an_entry_beyond_what_a_bundle_holds_is_neither_written_nor_read() -> None:
    tables = tuple(sorted(f"t{number:060d}" for number in range(500)))
    body = TablesPublished(dataset="housing.permits/1", data_version=1, protection_version=1, tables=tables)
    leaf = Writer().write(body).leaves[0]
    assert len(leaf) < MAX_ENTRY_BYTES
    with pytest.raises(ValueError, match="at most 500"):
        replace(body, tables=(*tables, "one_more"))
    with pytest.raises(PeerError, match="at most 65535"):
        decode_entry(leaf + b" " * MAX_ENTRY_BYTES)
    charges = decision_on("q", ledgers=CHARGES)
    with pytest.raises(ValueError, match="at most 65535"):
        encode_entry(Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=charges))


def test_what_contradicts_itself_is_not_born() -> None:
    for changes, complaint in (
        ({"decision": Decision.REFUSE}, "a code comes with a refusal"),
        ({"code": "denied"}, "a code comes with a refusal"),
        ({"level": None}, "level and data_version come together"),
        ({"dataset": None}, "of a dataset that is named"),
        ({"purpose": None}, "only a refusal can do without"),
        ({"recalled": True}, "opening.causes comes with a new release"),
        ({"recalled": True, "ledgers": (CHARGES[0],)}, "costs 0"),
        ({"organisation": "Köln\x1b[31m"}, "organisation"),
        ({"organisation": "Kö\ud800ln"}, "surrogates"),
        ({"organisation": "\u202eKöln"}, "organisation"),
        ({"query_hash": "AB" * 32}, "query_hash"),
        ({"data_version": 0}, "data_version 0 must be an integer from 1"),
        ({"data_version": True}, "data_version"),
        ({"policy": None}, "policy must be a PolicyRef"),
        ({"ledgers": ["residents"]}, "ledgers must be a tuple of Charge"),
        ({"opening": {}}, "opening must hold a digest of query"),
    ):
        with pytest.raises(ValueError, match=complaint):
            decision_on("q", **changes)
    with pytest.raises(ValueError, match="2\\^53"):
        PeerHead(origin="node.bremen/log", size=MAX_INTEGER + 1, root="0b" * 32)
    with pytest.raises(ValueError, match="body must be a Body"):
        Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=PolicyRef(id="p", version=1))  # type: ignore[arg-type]


_NASTY: tuple[Any, ...] = (
    0,
    1,
    -1,
    MAX_INTEGER,
    MAX_INTEGER + 1,
    True,
    False,
    "",
    "x",
    "permit",
    "refuse",
    "needs_approval",
    "open",
    "a\n",
    "ab" * 32,
    "AB" * 32,
    "é",
    "a\x00",
    "\u202e",
    "housing.permits/1",
    "housing.permits/0",
    [],
    ["a"],
    ["a", "a"],
    {},
    {"query": "ab" * 32},
    {"id": "p", "version": 1},
    "a" * 101,
    "node.bremen/log",
    "causes",
)


@given(entries(), st.data())
@settings(max_examples=300)
def test_the_schema_and_the_typed_values_agree_on_any_change(entry: Entry, data: st.DataObject) -> None:
    """An object is a typed value if it comes back from one as it was; then, and only then, the schema admits it."""
    values = json.loads(encode_entry(entry))
    places = list(_places(values))
    for _ in range(data.draw(st.integers(0, 2))):
        holder, key = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()):
            holder[key] = data.draw(st.sampled_from(_NASTY))
        elif isinstance(holder, dict):
            holder.pop(key, None)
            name = data.draw(st.sampled_from(("code", "level", "causes", "manifest_hash", "policy_hash", "zzz")))
            holder[name] = holder.get("query_hash", "ab" * 32)
    by_schema = WHOLE_SCHEMA.is_valid(values)
    assert by_schema == _is_typed(values), values


def _places(value: Any) -> Any:
    """Every place in the object that holds a value: the container and the key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


def _is_typed(values: dict[str, Any]) -> bool:
    body = next((body for body in BODIES if values.get("type") == body.TYPE), None)
    rest = {
        name: value for name, value in values.items() if name not in ("v", "type", "time_unix_s", "node", "software")
    }
    if body is None:
        return False
    try:
        entry = Entry(
            time_unix_s=values["time_unix_s"],
            node=values["node"],
            software=values["software"],
            body=body.from_json(rest),
        )
        return type(values.get("v")) is int and encode_entry(entry) == canonical_json(values)
    except (ValueError, TypeError, KeyError):
        return False


def test_the_published_schema_is_current_and_is_json_schema(tmp_path: Path) -> None:
    assert meta.is_valid(LOG_SCHEMA)
    page = ROOT / "docs" / "log-schema.json"
    assert json.loads(page.read_text(encoding="utf-8")) == LOG_SCHEMA
    assert _generate("--check", page) == 0
    stale = tmp_path / "log-schema.json"
    stale.write_text(page.read_text(encoding="utf-8").replace("query.aborted", "query.dropped"), encoding="utf-8")
    assert _generate("--check", stale) == 1
    assert _generate("--write", stale) == 0
    assert stale.read_bytes() == page.read_bytes()


def _generate(option: str, page: Path) -> int:
    command = [sys.executable, str(ROOT / "docs" / "generate_log_schema.py"), option, str(page)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_refusal_may_know_less_than_a_release() -> None:
    body = refusal_of("q", "too_large")
    unread = replace(body, purpose=None, dataset=None, level=None, data_version=None, manifest_hash=None)
    leaf = Writer().write(unread).leaves[0]
    assert decode_entry(leaf).body == unread
    assert b"purpose" not in leaf


@pytest.mark.parametrize(
    "told",
    [
        {"index": 3, "reader": "bremen"},
        {"index": 3, "field": "query", "fields": ("query",), "until": 4, "reader": "bremen"},
        {"index": 3, "fields": ("query",), "reader": "bremen"},
        {"index": 3, "field": "query", "until": 4, "reader": "bremen"},
        {"index": 3, "fields": (), "until": 4, "reader": "bremen"},
        {"index": 3, "fields": ("query", "query"), "until": 4, "reader": "bremen"},
        {"index": 3, "fields": ("rows",), "until": 4, "reader": "bremen"},
    ],
)
def test_reading_openings_names_one_field_or_several_up_to_an_entry(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        OpeningRead(**told)
    body = OpeningRead(index=3, fields=("query", "causes"), until=9, reader="bremen")
    entry = Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=body)
    assert decode_entry(encode_entry(entry)) == entry
    said = {**body.to_json(), **dict.fromkeys(("field", "fields", "until")), **told}
    document = json.loads(encode_entry(entry)) | {
        name: list(value) if isinstance(value, tuple) else value for name, value in said.items()
    }
    leaf = canonical_json({name: value for name, value in document.items() if value is not None})
    with pytest.raises(PeerError):
        decode_entry(leaf)
