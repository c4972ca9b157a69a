"""Agreement of all that a node's store says: log, checkpoints, openings, answers, releases, reservations."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.league.roster import Roster, roster_hash
from hansa_core.league.witnesses import log_vkey
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_node.log.own_log import OwnLog
from hansa_node.log.tree_rows import OWN_LOG


def rows(store: Path, statement: str) -> list[Any]:
    """What the statement finds in the store's file."""
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(statement).fetchall()


def entries(store: Path) -> list[Entry]:
    """The own log's entries."""
    return [decode_entry(leaf) for leaf in leaves(store)]


def leaves(store: Path) -> list[bytes]:
    """The own log's leaves, none of which is missing."""
    found = rows(store, f"SELECT idx, leaf FROM log_entries WHERE log = {OWN_LOG} ORDER BY idx")
    assert [index for index, _ in found] == list(range(len(found)))
    return [leaf for _, leaf in found]


def types(store: Path) -> list[str]:
    """The types of the entries, in order."""
    return [entry.type for entry in entries(store)]


def assert_agrees(store: Path, roster: Roster, city: str, *, open_reservations: int = 0) -> None:
    """Raise AssertionError where two parts of the store contradict each other, or the log would fail an audit."""
    assert rows(store, "PRAGMA integrity_check") == [("ok",)]
    assert rows(store, "PRAGMA foreign_key_check") == []
    assert rows(store, "SELECT count(*) FROM reservations") == [(open_reservations,)]
    _assert_every_checkpoint_stands_for_its_entries(store, roster, city)
    _assert_an_auditor_finds_nothing(store, roster, city)
    _assert_every_answer_stands_on_its_entry(store)


def assert_openings_open(log: OwnLog) -> None:
    """Every entry that commits to something can be opened to it."""
    for index, leaf in enumerate(log.tree.entries(0, log.size)):
        digests: Mapping[str, str] = decode_entry(leaf).body.commitments
        opening = log.opening(index)
        assert (opening.digests if opening else {}) == digests


def audit_findings(store: Path, city: str, *rosters: Roster) -> list[object]:
    """What an auditor who knows those rosters finds in the log."""
    member = rosters[0].member(city)
    hashes = {roster.version: roster_hash(roster) for roster in rosters}
    audit = Audit(Subject(city=city, origin=member.log_origin, log_key=member.log_key, rosters=hashes))
    return [finding for leaf in leaves(store) for finding in audit.take(leaf)[1]]


def _assert_every_checkpoint_stands_for_its_entries(store: Path, roster: Roster, city: str) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves(store)]
    checkpoints = rows(store, "SELECT size, note FROM checkpoints ORDER BY size")
    for size, note in checkpoints:
        checkpoint = open_checkpoint(note, log_vkey(roster.member(city)))
        assert (checkpoint.size, checkpoint.root) == (size, root_of_leaves(hashes[:size]))
    assert [size for size, _ in checkpoints][-1:] == ([len(hashes)] if hashes else [])


def _assert_an_auditor_finds_nothing(store: Path, roster: Roster, city: str) -> None:
    assert audit_findings(store, city, roster) == []


def _assert_every_answer_stands_on_its_entry(store: Path) -> None:
    said = dict(enumerate(entry.body for entry in entries(store)))
    answers = {
        index: (query, payload) for index, query, payload in rows(store, "SELECT idx, query_hash, payload FROM answers")
    }
    assert answers.keys() == {index for index, body in said.items() if isinstance(body, QueryDecision)}
    for index, (query, payload) in answers.items():
        body = said[index]
        assert isinstance(body, QueryDecision)
        assert (body.query_hash, body.result_hash) == (query.hex(), hashlib.sha256(payload).hexdigest())
    aborted = {body.query_hash for body in said.values() if isinstance(body, QueryAborted)}
    asked = {query.hex() for (query,) in rows(store, "SELECT query_hash FROM nonces")}
    assert aborted <= asked
