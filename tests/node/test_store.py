"""What the store keeps through crashes, full disks and second processes."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_core.query.answer import Release
from hansa_core.query.plan import ContractId, Level
from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Ed25519Signer, sign
from hansa_node.records import Asked, Commitment, ReleaseKey
from hansa_node.store import Store
from hansa_node.store_file import StoreUnavailableError

NOW = datetime(2026, 5, 1, 12, 0, 0)
PERMITS = ContractId("housing.permits", 1)
NONCE = bytes(16)
ASKED = Asked(
    query_hash=b"q" * 32,
    key_id="ab" * 32,
    subject="ann",
    organisation="bremen",
    purpose="statistics",
    dataset=PERMITS,
    level=Level.OPEN,
    data_version=3,
    policy_id="permits",
    policy_version=2,
    roster_version=1,
    software_version="0.1.0",
)
RELEASE = Release(
    plan_hash=b"p" * 32, contract=PERMITS, level=Level.OPEN, data_version=3, protection_version=1, partial_ipc=b"ipc"
)
KEY = ReleaseKey(plan_hash=b"p" * 32, level=Level.OPEN, data_version=3, protection_version=1)
ANSWER = sign(payload_types.ANSWER, b"answer", Ed25519Signer(bytes(32)))
COMMITMENT = Commitment(
    asked=ASKED,
    nonce=NONCE,
    decided_at=NOW,
    code=None,
    recalled=False,
    answer=ANSWER,
    after_expiry=False,
    release=RELEASE,
    reservation=None,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path, now=NOW)
    yield opened
    opened.close()


def rows(path: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def fill_the_disk(store: Store) -> None:
    """SQLite then fails exactly as it does on a full disk."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_commit_keeps_decision_nonce_release_debit_and_answer(store: Store, path: Path) -> None:
    reservation = store.reserve(ASKED, NONCE, cost_microrho=0, now=NOW)
    store.commit(replace(COMMITMENT, reservation=reservation))
    assert store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False) == ANSWER
    assert store.release(KEY) == b"ipc"
    assert store.nonce_owner(ASKED.key_id, NONCE) == ASKED.query_hash
    assert rows(path, "SELECT decision, code, cost_microrho, result_hash FROM decisions") == [
        ("permit", None, 0, COMMITMENT.result_hash)
    ]
    assert rows(path, "SELECT decision_id FROM reservations") == [(1,)]


def test_a_refusal_is_a_decision_with_its_code(store: Store, path: Path) -> None:
    store.commit(replace(COMMITMENT, code="denied", release=None))
    assert rows(path, "SELECT decision, code FROM decisions") == [("refuse", "denied")]


def test_a_query_that_could_not_be_read_leaves_its_decision_too(store: Store, path: Path) -> None:
    unread = replace(ASKED, purpose=None, dataset=None, level=None, data_version=None)
    store.commit(replace(COMMITMENT, asked=unread, nonce=None, code="too_deep", release=None))
    assert rows(path, "SELECT decision, code, purpose FROM decisions") == [("refuse", "too_deep", None)]
    assert rows(path, "SELECT * FROM nonces") == []


def test_an_answer_belongs_to_the_key_that_signed_the_query(store: Store) -> None:
    store.commit(COMMITMENT)
    assert store.answer(ASKED.query_hash, "cd" * 32, after_expiry=False) is None


def test_a_replay_leaves_the_nonce_with_its_first_query(store: Store) -> None:
    store.commit(COMMITMENT)
    other = replace(ASKED, query_hash=b"r" * 32)
    store.commit(replace(COMMITMENT, asked=other, code="replay", release=None))
    assert store.nonce_owner(ASKED.key_id, NONCE) == ASKED.query_hash


def test_two_queries_never_hold_one_nonce(store: Store, path: Path) -> None:
    store.commit(COMMITMENT)
    with pytest.raises(StoreCorruptError, match="one nonce"):
        store.reserve(replace(ASKED, query_hash=b"r" * 32), NONCE, cost_microrho=0, now=NOW)
    assert rows(path, "SELECT * FROM reservations") == []


def test_a_release_is_never_written_over(store: Store, path: Path) -> None:
    store.commit(COMMITMENT)
    other = replace(ASKED, query_hash=b"r" * 32)
    with pytest.raises(StoreCorruptError):
        store.commit(replace(COMMITMENT, asked=other, nonce=b"n" * 16, release=replace(RELEASE, partial_ipc=b"new")))
    assert store.release(KEY) == b"ipc"
    assert len(rows(path, "SELECT * FROM decisions")) == 1


def test_an_open_reservation_is_aborted_at_the_next_start(path: Path) -> None:
    first = Store.open(path, now=NOW)
    first.reserve(ASKED, NONCE, cost_microrho=7, now=NOW)
    first.close()
    second = Store.open(path, now=NOW)
    second.close()
    assert rows(path, "SELECT decision, cost_microrho, result_hash FROM decisions") == [("aborted", 7, None)]
    third = Store.open(path, now=NOW)
    third.close()
    assert len(rows(path, "SELECT * FROM decisions")) == 1


def test_an_abort_after_a_commit_that_persisted_changes_nothing(store: Store, path: Path) -> None:
    reservation = store.reserve(ASKED, NONCE, cost_microrho=0, now=NOW)
    store.commit(replace(COMMITMENT, reservation=reservation))
    store.abort(reservation, now=NOW)
    assert rows(path, "SELECT decision FROM decisions") == [("permit",)]


def test_a_reservation_is_settled_once(store: Store) -> None:
    reservation = store.reserve(ASKED, NONCE, cost_microrho=0, now=NOW)
    store.abort(reservation, now=NOW)
    with pytest.raises(StoreCorruptError, match="not open"):
        store.commit(replace(COMMITMENT, reservation=reservation))


def test_a_kill_between_reserve_and_commit_keeps_the_charge(path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2].split(":")
from test_store import ASKED, NONCE, NOW, Store
store = Store.open(Path(sys.argv[1]), now=NOW)
store.reserve(ASKED, NONCE, cost_microrho=7, now=NOW)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    folders = ":".join(str(root / name) for name in ("core", "protos", "node", "tests/node"))
    killed = subprocess.run([sys.executable, "-c", script, str(path), folders], check=False)
    assert killed.returncode == -9
    Store.open(path, now=NOW).close()
    assert rows(path, "SELECT decision, cost_microrho FROM decisions") == [("aborted", 7)]


def test_two_processes_cannot_open_one_store(store: Store, path: Path) -> None:
    with pytest.raises(ConfigError, match="another process has this store open"):
        Store.open(path, now=NOW)


def test_a_closed_store_can_be_opened_again(path: Path) -> None:
    Store.open(path, now=NOW).close()
    Store.open(path, now=NOW).close()


def test_only_its_owner_can_read_a_store(store: Store, path: Path) -> None:
    store.commit(COMMITMENT)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_store_that_others_can_read_stops_the_start(path: Path) -> None:
    Store.open(path, now=NOW).close()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Store.open(path, now=NOW)


def test_a_store_of_a_newer_hansa_stops_the_start(path: Path) -> None:
    Store.open(path, now=NOW).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigError, match="newer Hansa"):
        Store.open(path, now=NOW)


def test_a_file_that_is_no_store_stops_the_start(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be taken for a header" * 10)
    path.chmod(0o600)
    with pytest.raises(StoreCorruptError, match="contradicts itself"):
        Store.open(path, now=NOW)


def test_the_store_waits_for_the_disk(store: Store) -> None:
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_full_disk_takes_nothing_and_says_so(store: Store, path: Path) -> None:
    store.commit(COMMITMENT)
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
    assert len(rows(path, "SELECT * FROM decisions")) == 1
    assert store.nonce_owner(ASKED.key_id, b"n" * 16) is None
    assert store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False) == ANSWER
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.commit(other)
    assert store.release(replace(KEY, plan_hash=b"o" * 32)) == bytes(100_000)
