"""What the store keeps through crashes, full disks and second processes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.log_entries import KeyAdded
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_log_checks import assert_openings_open, entries, rows, types
from hansa_node.log.announcements import LeagueChangedError
from hansa_node.node_store import NodeStore
from hansa_node.store import wal
from hansa_node.store.errors import StoreUnavailableError
from hansa_store_values import (
    ANSWER,
    ASKED,
    COMMITMENT,
    KEY,
    NONCE,
    NOW,
    RELEASE,
    RESIDENTS,
    begun,
    disk_error,
    make_faulty,
    make_sound,
    opened,
    reserved,
)
from hansa_wire.codec.answered import Answered

START = ["log.genesis", "node.started"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[NodeStore]:
    opened = begun(path)
    yield opened
    opened.close()


def fill_the_disk(store: NodeStore) -> None:
    """SQLite then fails exactly as it does on a full disk."""
    connection = store._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def decision(path: Path, index: int = -1) -> QueryDecision:
    body = entries(path)[index].body
    assert isinstance(body, QueryDecision)
    return body


def test_a_commit_keeps_entry_opening_nonce_release_debit_and_answer(store: NodeStore, path: Path) -> None:
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    receipt = store.commit(replace(COMMITMENT, reservation=reservation, causes={"threshold": 2}))
    assert store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False) == Answered(ANSWER, receipt)
    assert store.release(KEY) == b"ipc"
    assert store.nonce_owner(ASKED.key_id, NONCE) == ASKED.query_hash
    said = decision(path)
    assert (said.decision, said.code, said.recalled) == ("permit", None, False)
    assert said.result_hash == hashlib.sha256(ANSWER.payload).hexdigest()
    assert rows(path, "SELECT * FROM reservations") == []
    opening = store.log.opening(2)
    assert opening is not None
    assert {each.field: each.value for each in opening.disclosures} == {
        "query": ASKED.query,
        "analyst": {"subject": "ann", "key_id": ASKED.key_id, "credential": ASKED.credential},
        "causes": {"threshold": 2},
    }
    assert_openings_open(store.log)


def test_a_leaf_names_no_person_and_no_question(store: NodeStore) -> None:
    store.commit(COMMITMENT)
    (leaf,) = store.log.tree.entries(2, 3)
    for secret in (ASKED.subject, ASKED.key_id, "payload"):
        assert secret.encode() not in leaf


def test_no_salt_serves_twice(store: NodeStore) -> None:
    store.commit(COMMITMENT)
    other = replace(COMMITMENT, asked=replace(ASKED, query_hash=b"r" * 32), nonce=b"n" * 16, release=None)
    store.commit(replace(other, recalled=True))
    first, second = (store.log.opening(index) for index in (2, 3))
    assert first is not None
    assert second is not None
    assert {each.salt for each in first.disclosures}.isdisjoint(each.salt for each in second.disclosures)
    assert first.digests["analyst"] != second.digests["analyst"]


def test_a_refusal_is_an_entry_with_its_code(store: NodeStore, path: Path) -> None:
    store.commit(replace(COMMITMENT, code="denied", release=None))
    assert (decision(path).decision, decision(path).code) == ("refuse", "denied")


def test_a_query_that_could_not_be_read_leaves_its_entry_too(store: NodeStore, path: Path) -> None:
    unread = replace(ASKED, purpose=None, dataset=None, level=None, data_version=None, manifest_hash=None)
    store.commit(replace(COMMITMENT, asked=unread, nonce=None, code="too_deep", release=None))
    assert (decision(path).code, decision(path).purpose) == ("too_deep", None)
    assert rows(path, "SELECT * FROM nonces") == []


def test_an_answer_belongs_to_the_key_that_signed_the_query(store: NodeStore) -> None:
    store.commit(COMMITMENT)
    assert store.answer(ASKED.query_hash, "cd" * 32, after_expiry=False) is None


def test_a_replay_leaves_the_nonce_with_its_first_query(store: NodeStore) -> None:
    store.commit(COMMITMENT)
    other = replace(ASKED, query_hash=b"r" * 32)
    store.commit(replace(COMMITMENT, asked=other, code="replay", release=None))
    assert store.nonce_owner(ASKED.key_id, NONCE) == ASKED.query_hash


def test_two_queries_never_hold_one_nonce(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    with pytest.raises(StoreCorruptError, match="one nonce"):
        reserved(store, replace(ASKED, query_hash=b"r" * 32), NONCE, now=NOW)
    assert rows(path, "SELECT * FROM reservations") == []


def test_a_release_is_never_written_over(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    other = replace(ASKED, query_hash=b"r" * 32)
    with pytest.raises(StoreCorruptError):
        store.commit(replace(COMMITMENT, asked=other, nonce=b"n" * 16, release=replace(RELEASE, partial_ipc=b"new")))
    assert store.release(KEY) == b"ipc"
    assert types(path) == [*START, "query.decision"]


def test_an_open_reservation_is_an_aborted_entry_at_the_next_start(path: Path) -> None:
    first = begun(path)
    reserved(first, ASKED, NONCE, charges=(RESIDENTS,), now=NOW)
    first.close()
    second = begun(path)
    assert types(path) == [*START, "query.aborted", "node.started"]
    said = entries(path)[2].body
    assert isinstance(said, QueryAborted)
    assert (said.query_hash, said.organisation) == (ASKED.query_hash.hex(), "bremen")
    assert_openings_open(second.log)
    second.close()
    begun(path).close()
    assert types(path).count("query.aborted") == 1
    assert rows(path, "SELECT * FROM reservations") == []


def test_an_abort_after_a_commit_that_persisted_changes_nothing(store: NodeStore, path: Path) -> None:
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    store.commit(replace(COMMITMENT, reservation=reservation))
    store.abort(reservation, now=NOW)
    assert types(path) == [*START, "query.decision"]


def test_a_reservation_is_settled_once(store: NodeStore) -> None:
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    store.abort(reservation, now=NOW)
    with pytest.raises(StoreCorruptError, match="not open"):
        store.commit(replace(COMMITMENT, reservation=reservation))


def test_a_kill_between_reserve_and_commit_keeps_the_charge(path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2].split(":")
from hansa_store_values import ASKED, NONCE, NOW, RESIDENTS, begun, reserved
store = begun(Path(sys.argv[1]))
reserved(store, ASKED, NONCE, charges=(RESIDENTS,), now=NOW)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    folders = ":".join(str(root / name) for name in ("core", "protos", "node", "tests/support"))
    killed = subprocess.run([sys.executable, "-c", script, str(path), folders], check=False)
    assert killed.returncode == -9
    assert rows(path, "SELECT ledger, cost, spent FROM charges") == [("residents", 7, 7)]
    begun(path).close()
    assert types(path) == [*START, "query.aborted", "node.started"]


def held(folder: Path) -> set[str]:
    """The files in the folder that this process has open."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the listing's own
            found.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    return {name for name in found if name.startswith(str(folder))}


@pytest.mark.parametrize("failing", ["PRAGMA query_only = ON", "PRAGMA journal_mode = WAL"])
def test_a_store_that_cannot_be_opened_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    class Failing(sqlite3.Connection):
        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            if statement == failing:
                raise disk_error()
            return super().execute(statement, *parameters)

    kept: list[sqlite3.Connection] = []

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        kept.append(whole(*arguments, **options, factory=Failing))
        return kept[-1]  # somebody still refers to it, as a traceback does

    whole = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(StoreUnavailableError):
        opened(tmp_path / "store.sqlite")
    assert kept
    assert held(tmp_path) == set()


def test_a_place_without_locks_is_no_place_for_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ConfigError, match="cannot be locked here"):
        opened(tmp_path / "store.sqlite")
    assert held(tmp_path) == set()


def test_two_processes_cannot_open_one_store(store: NodeStore, path: Path) -> None:
    with pytest.raises(ConfigError, match="another process has this store open"):
        opened(path)


def test_a_closed_store_can_be_opened_again(path: Path) -> None:
    begun(path).close()
    begun(path).close()


def test_only_its_owner_can_read_a_store(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_store_that_others_can_read_stops_the_start(path: Path) -> None:
    begun(path).close()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        opened(path)


def test_a_store_of_a_newer_hansa_stops_the_start(path: Path) -> None:
    begun(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer Hansa"):
        opened(path)


def test_a_file_that_is_no_store_stops_the_start(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be taken for a header" * 10)
    path.chmod(0o600)
    with pytest.raises(StoreCorruptError, match="contradicts itself"):
        opened(path)


def test_the_store_waits_for_the_disk(store: NodeStore) -> None:
    connection = store._writer._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_full_disk_takes_nothing_and_says_so(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    checkpoint, receipted = store.log.checkpoint(), store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False)
    fill_the_disk(store)
    other = replace(
        COMMITMENT,
        asked=replace(ASKED, query_hash=b"r" * 32),
        nonce=b"n" * 16,
        release=replace(RELEASE, plan_hash=b"o" * 32, partial_ipc=bytes(100_000)),
    )
    with pytest.raises(StoreUnavailableError, match="the disk is full") as failed:
        store.commit(other)
    assert "ipc" not in str(failed.value)
    assert store.log.checkpoint() == checkpoint
    assert store.nonce_owner(ASKED.key_id, b"n" * 16) is None
    assert store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False) == receipted
    store._writer._connection.execute("PRAGMA max_page_count = 1000000")
    store.commit(other)
    assert store.release(replace(KEY, plan_hash=b"o" * 32)) == bytes(100_000)
    assert types(path) == [*START, "query.decision", "query.decision"]


def test_what_a_failing_disk_kept_from_being_announced_is_announced_later(store: NodeStore, path: Path) -> None:
    newer = RosterRef(version=2, hash="21" * 32)
    make_faulty(store, fault=lambda statement: statement == "COMMIT")
    with pytest.raises(StoreUnavailableError):
        store.accept_roster(newer, (), now=NOW)
    make_sound(store)
    store.commit(COMMITMENT)  # under the earlier one, which is still in force
    store.accept_roster(newer, (), now=NOW)
    store.accept_roster(newer, (), now=NOW)
    with pytest.raises(LeagueChangedError):
        store.commit(replace(COMMITMENT, asked=replace(ASKED, query_hash=b"r" * 32), nonce=b"n" * 16))
    assert types(path) == [*START, "query.decision", "roster.accepted"]


def grow(store: NodeStore, *, entries: int) -> None:
    for number in range(entries):
        store.log.append(KeyAdded(role="answer", key=f"{number:064x}"), now=NOW)


@pytest.fixture
def small_wal(monkeypatch: pytest.MonkeyPatch) -> int:
    """Far less than SQLite lets its log grow to by itself."""
    monkeypatch.setattr(wal, "MAX_WAL_BYTES", 2**18)
    return 2**18


def test_the_files_log_stays_small_while_others_read(small_wal: int, path: Path) -> None:
    store, is_over, sizes = begun(path), threading.Event(), []

    def read() -> None:
        while not is_over.is_set():
            store.log.tree.entries(0, store.log.size)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(20):
            grow(store, entries=10)
            sizes.append(path.with_name("store.sqlite-wal").stat().st_size)
    finally:
        is_over.set()
        for reader in readers:
            reader.join()
        store.close()
    assert max(sizes) < 2 * small_wal  # one transaction may pass the bound
    assert not path.with_name("store.sqlite-wal").exists()


def test_the_files_log_is_written_over_and_not_cut_off_and_extended_again_by_each_commit(path: Path) -> None:
    store, log_file = begun(path), path.with_name("store.sqlite-wal")
    sizes = []
    for _ in range(500):  # some five pages each, and SQLite begins its log anew after a thousand
        grow(store, entries=1)
        sizes.append(log_file.stat().st_size)
    store.close()
    assert sizes == sorted(sizes)
    assert len(set(sizes)) < 400
    assert sizes[-1] < wal.MAX_WAL_BYTES


def test_a_program_that_holds_the_files_log_back_is_named_and_nobody_waits_for_it(
    small_wal: int, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, log_file = begun(path), path.with_name("store.sqlite-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN")
        shell.execute("SELECT count(*) FROM log_entries").fetchone()
        grow(store, entries=100)
        assert log_file.stat().st_size > small_wal
        held_back = [record for record in caplog.records if record.message == "store's log held back"]
        assert 1 <= len(held_back) < 5
        assert "sqlite3` shell" in str(held_back[0].__dict__["remedy"])
        shell.execute("COMMIT")
        while log_file.stat().st_size > small_wal:
            grow(store, entries=10)
    assert store.log.size > 100
    store.close()


def test_a_full_disk_gets_back_what_the_files_log_took(store: NodeStore, path: Path) -> None:
    grow(store, entries=20)
    assert path.with_name("store.sqlite-wal").stat().st_size > 0
    fill_the_disk(store)
    with pytest.raises(StoreUnavailableError):
        grow(store, entries=1000)
    assert path.with_name("store.sqlite-wal").stat().st_size == 0


def test_a_store_that_another_program_holds_locked_takes_nothing_and_names_it(store: NodeStore, path: Path) -> None:
    store._writer._connection.execute("PRAGMA busy_timeout = 10")  # milliseconds; 5 s otherwise
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match=r"another program holds the store locked.*`sqlite3` shell"):
            store.commit(COMMITMENT)
        shell.execute("ROLLBACK")
    store.commit(COMMITMENT)
    assert types(path) == [*START, "query.decision"]


# Checksums: what the disk changed is found where it is used -----------------------------------------------------------


def flip(path: Path, table: str, column: str, where: str = "1") -> None:
    """Change the lowest bit of the value's last byte, as a failing disk does; its checksum stays."""
    connection = sqlite3.connect(path)
    ((value,),) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}")
    raw = bytes(value)
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (raw[:-1] + bytes([raw[-1] ^ 1]),))
    connection.commit()
    connection.close()


def test_a_flipped_bit_of_a_release_is_no_release(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    flip(path, "releases", "partial_ipc")
    with pytest.raises(StoreCorruptError, match=r"release .* checksum differs"):
        store.release(KEY)


def test_a_release_that_moved_to_another_question_is_no_release(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    flip(path, "releases", "plan_hash")
    with pytest.raises(StoreCorruptError, match=r"release .* checksum differs"):
        store.release(replace(KEY, plan_hash=b"p" * 31 + b"q"))


def test_releases_under_other_parameters_are_others(store: NodeStore) -> None:
    store.commit(replace(COMMITMENT, parameters='{"epsilon":"0.5"}'))
    assert store.release(KEY) is None
    assert store.release(replace(KEY, parameters='{"epsilon":"0.5"}')) == b"ipc"


@pytest.mark.parametrize("column", ["payload", "signature"])
def test_a_flipped_bit_of_an_answer_is_not_sent_again(store: NodeStore, path: Path, column: str) -> None:
    store.commit(COMMITMENT)
    flip(path, "answers", column)
    with pytest.raises(StoreCorruptError, match=r"answer .* checksum differs"):
        store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False)


def test_a_flipped_bit_of_an_opening_is_not_shown(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    flip(path, "openings", "opening", "idx = 2")
    with pytest.raises(StoreCorruptError, match=r"opening of entry 2 .* checksum differs"):
        store.log.opening(2)


def test_a_flipped_bit_of_an_entry_is_not_served(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    flip(path, "log_entries", "leaf", "idx = 2")
    with pytest.raises(StoreCorruptError, match=r"entry 2 .* checksum differs"):
        store.log.tree.entries(0, 3)


def test_a_missing_entry_has_no_time_and_stops(store: NodeStore, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM log_entries WHERE idx = 0")
    connection.commit()
    connection.close()
    with pytest.raises(StoreCorruptError, match="misses entries"):
        store.log.time_of(0)


def test_a_flipped_bit_of_a_cosigned_head_is_not_built_upon(store: NodeStore, path: Path) -> None:
    store.peers.put_cosigned("node.hamburg/log", before=None, size=1, root=bytes(32))
    flip(path, "witness_state", "root")
    with pytest.raises(StoreCorruptError, match=r"node\.hamburg/log .* checksum differs"):
        store.peers.cosigned("node.hamburg/log")
    with pytest.raises(StoreCorruptError):
        store.peers.put_cosigned("node.hamburg/log", before=(1, bytes(32)), size=2, root=bytes(32))


def test_a_flipped_bit_of_a_reservation_is_not_logged(path: Path) -> None:
    first = begun(path)
    reserved(first, ASKED, NONCE, now=NOW)
    first.close()
    flip(path, "reservations", "body")
    with pytest.raises(StoreCorruptError, match=r"reservation 1 .* checksum differs"):
        begun(path)
    assert types(path) == START


def test_a_changed_charge_is_not_built_upon(store: NodeStore, path: Path) -> None:
    reserved(store, ASKED, NONCE, charges=(RESIDENTS,), now=NOW)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE charges SET spent = 8")
    connection.commit()
    connection.close()
    with pytest.raises(StoreCorruptError, match="last charge of the ledger residents"):
        reserved(store, replace(ASKED, query_hash=b"r" * 32), b"n" * 16, charges=(RESIDENTS,), now=NOW)
