"""Leaves that are read by a template are those, and only those, that the general reader takes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.documents.canonical_json import MAX_INTEGER, canonical_json
from hansa_core.errors import PeerError
from hansa_core.evidence import leaf_template
from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry, decode_entry, encode_entry
from hansa_core.evidence.finding import AuditRule, LogFinding
from hansa_core.evidence.leaf_template import LeafReader
from hansa_core.evidence.log_entries import PeerHead
from hansa_core.evidence.record import Record, records_in
from hansa_log_entries import (
    BEGINNING,
    CITY,
    FIRST_VERSIONS,
    LOG_KEY,
    NOON,
    ONE_OF_EACH,
    ORIGIN,
    ROSTER,
    Writer,
    aborted,
    charge,
    decision_on,
    digest_of,
    entries,
    recalled,
    refusal_of,
)

SUBJECT = Subject(city=CITY, origin=ORIGIN, log_key=LOG_KEY, rosters={3: ROSTER.hash})
CHARGED = decision_on("q", ledgers=(charge(30, 30),))
PIECES = (b"", b'"', b",", b"\\", b"0", b"9" * 17, b"-1", b" ", b"}", b"[]", b"\xc2\xad", b"\xff", b"a", b"true", b"G")


def leaf_of(body: Body, time_unix_s: int = NOON) -> bytes:
    return encode_entry(Entry(time_unix_s=time_unix_s, node=CITY, software="0.1.0", body=body))


def with_other_free_fields(leaf: bytes, data: st.DataObject) -> bytes:
    """The same leaf with another value of its kind in each field that its records call free."""
    body = decode_entry(leaf).body
    records: tuple[type[Record], ...] = (Entry, type(body), *records_in(type(body)))
    names = {name for record in records for name in record.FREE if not body.looks_at(name)}

    def other(name: str | None, value: Any) -> Any:
        if isinstance(value, dict):
            in_opening = name == "opening"
            return {each: other("free" if in_opening else each, value[each]) for each in value}
        if isinstance(value, list):
            return [other(name, each) for each in value]
        if name != "free" and name not in names:
            return value
        return (
            data.draw(st.integers(0, MAX_INTEGER))
            if isinstance(value, int)
            else digest_of(str(data.draw(st.integers(0, 1000))))
        )

    return canonical_json(other(None, json.loads(leaf)))


@settings(max_examples=100)
@given(entries(), st.data())
def test_any_value_of_a_free_field_makes_an_entry_that_the_template_reads_alike(
    entry: Entry, data: st.DataObject
) -> None:
    reader, leaf = LeafReader(), encode_entry(entry)
    first = reader.read(leaf)
    assert first.entry == first.template.entry == entry
    assert reader.read(leaf).template is first.template
    changed = with_other_free_fields(leaf, data)
    read = reader.read(changed)
    assert read.entry == decode_entry(changed)
    assert read.time_unix_s == read.entry.time_unix_s
    assert read.template.commitments == set(read.entry.body.commitments)
    if len(changed) == len(leaf) and len(str(read.time_unix_s)) == len(str(entry.time_unix_s)):
        assert type(read.template.entry.body) is type(entry.body)


@settings(max_examples=150)
@given(entries(), st.data())
def test_whatever_is_cut_out_or_put_in_is_read_only_where_the_general_reader_reads_it(
    entry: Entry, data: st.DataObject
) -> None:
    leaf, reader = encode_entry(entry), LeafReader()
    reader.read(leaf)
    changed = bytearray(leaf)
    for _ in range(data.draw(st.integers(1, 3))):
        at, piece = data.draw(st.integers(0, len(leaf))), data.draw(st.sampled_from(PIECES))
        # As often as not the length stays, so that a template is tried.
        cut = len(piece) if data.draw(st.booleans()) else data.draw(st.integers(0, 12))
        changed[at : at + cut] = piece
    assert outcome(LeafReader(), bytes(changed)) == outcome(reader, bytes(changed))


def outcome(reader: LeafReader, leaf: bytes) -> Entry | str:
    try:
        return reader.read(leaf).entry
    except PeerError as error:
        return str(error)


@pytest.mark.parametrize("body", [*ONE_OF_EACH, *FIRST_VERSIONS], ids=lambda body: f"{body.TYPE} {body.version}")
def test_one_wrong_byte_anywhere_in_a_leaf_is_judged_as_the_general_reader_judges_it(body: Body) -> None:
    leaf, reader = leaf_of(body), LeafReader()
    reader.read(leaf)
    for at in range(len(leaf)):
        wrong = (b"G", b"0", b'"', bytes((leaf[at] ^ 0x20,)))[at % 4]
        changed = leaf[:at] + wrong + leaf[at + 1 :]
        assert outcome(reader, changed) == outcome(LeafReader(), changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"spent":1000000000000000', b'"spent":9999999999999999'),
        (b'"spent":1000000000000000', b'"spent":0000000000000001'),
        (b'"spent":1000000000000000', b'"spent":-100000000000000'),
        (digest_of("result of q").encode(), digest_of("result of q").upper().encode()),
        (digest_of("result of q").encode(), b" " * 64),
    ],
)
def test_a_free_field_of_another_kind_is_no_entry_also_where_its_length_fits(old: bytes, new: bytes) -> None:
    body = replace(CHARGED, ledgers=(charge(0, 10**15, limit=10**15),), result_hash=digest_of("result of q"))
    reader, leaf = LeafReader(), leaf_of(body)
    assert leaf.count(old) == 1
    reader.read(leaf)
    with pytest.raises(PeerError):
        reader.read(leaf.replace(old, new))


def test_text_that_looks_like_a_field_is_a_text() -> None:
    body = replace(CHARGED, organisation='","spent":7,"opening":{"query":"' + "0" * 20)
    reader = LeafReader()
    read = reader.read(leaf_of(body))
    assert read.counts("spent") == [30]
    assert reader.read(leaf_of(replace(body, ledgers=(charge(30, 60),)))).template is read.template


def test_templates_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaf_template, "_MOST_KEPT", 10)
    reader = LeafReader()
    for number in range(50):
        body = replace(CHARGED, organisation=f"city {number}")
        assert reader.read(leaf_of(body)).entry.body == body
    assert len(reader._templates) <= 10
    assert sum(map(len, reader._splits.values())) <= 10


def test_fields_of_other_widths_are_no_other_template() -> None:
    reader = LeafReader()
    first = reader.read(leaf_of(CHARGED))
    for cost, spent in ((1, 30), (300, 30), (12, 123), (0, 1_000_000)):
        read = reader.read(leaf_of(replace(CHARGED, ledgers=(charge(cost, spent),)), NOON * 10))
        assert read.template is first.template
        assert (read.counts("cost"), read.counts("spent")) == ([cost], [spent])


@pytest.mark.parametrize("cost", [b"1", b"30"])
def test_a_recalled_release_that_costs_something_is_no_entry_whatever_was_read_before(cost: bytes) -> None:
    reader, again = LeafReader(), leaf_of(replace(recalled("again"), ledgers=(charge(0, 30),)))
    for leaf in (again, leaf_of(CHARGED), leaf_of(replace(CHARGED, ledgers=(charge(0, 30),)))):
        reader.read(leaf)
    with pytest.raises(PeerError):
        reader.read(again.replace(b'"cost":0', b'"cost":' + cost))


def test_places_of_fields_are_forgotten_before_trying_them_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaf_template, "_MOST_SPLITS", 3)
    reader = LeafReader()
    for width in range(10):  # leaves of one length
        body = replace(CHARGED, ledgers=(charge(10**width, 10 ** (10 - width)),))
        assert reader.read(leaf_of(body)).entry.body == body
    assert max(map(len, reader._splits.values())) <= 3


BODIES = st.sampled_from(
    (
        *BEGINNING,
        *ONE_OF_EACH,
        *(decision_on(f"q{number}", ledgers=(charge(5, 5 * number),)) for number in range(1, 8)),
        *(decision_on(f"r{number}", data_version=version) for number in range(3) for version in (1, 2)),
        recalled("again"),
        refusal_of("no", "denied"),
        aborted("half"),
        replace(CHARGED, ledgers=(charge(1, 6), charge(1, 7))),
        *(PeerHead(origin="node.bremen/log", size=size, root=digest_of(str(size % 2))) for size in (3, 4, 5)),
    )
)


class UnlikeAudit(Audit):
    """The same fold, in which no two entries are taken for alike."""

    def take(self, leaf: bytes) -> Any:
        self._reader = LeafReader()
        return super().take(leaf)


@settings(max_examples=100)
@given(st.lists(st.tuples(BODIES, st.integers(0, 2)), max_size=60))
def test_what_is_judged_once_for_many_entries_would_be_found_in_each(told: list[tuple[Body, int]]) -> None:
    time_unix_s, leaves = NOON, list(Writer().write(*BEGINNING).leaves)
    for body, seconds in told:
        time_unix_s += seconds - (1 if seconds == 2 else 0)
        leaves.append(leaf_of(body, time_unix_s))
    assert found_by(Audit(SUBJECT), leaves) == found_by(UnlikeAudit(SUBJECT), leaves)


def found_by(audit: Audit, leaves: list[bytes]) -> list[LogFinding]:
    return [each for leaf in leaves for each in audit.take(leaf)[1]]


def test_after_an_announcement_what_was_judged_before_is_judged_again() -> None:
    question = [decision_on(f"q{number}") for number in range(3)]
    changed = next(body for body in BEGINNING if body.TYPE == "policy.published")
    newer = replace(changed, policy=replace(changed.policy, version=2))  # type: ignore[attr-defined, type-var]
    leaves = Writer().write(*BEGINNING, *question[:2], newer, question[2]).leaves
    (finding,) = found_by(Audit(SUBJECT), list(leaves))
    assert (finding.index, finding.rule) == (len(leaves) - 1, AuditRule.POLICY)
    assert re.search("version 1 is used; in force is .* version 2", finding.text)
