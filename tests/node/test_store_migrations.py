"""A store that an earlier Hansa wrote is taken over, with a copy of it kept; or it is left as it was."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_core.partial.answer import Release
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_log_checks import entries, leaves, rows, types
from hansa_node.app.identity import member_of, read_identity
from hansa_node.log.identity import LogIdentity, log_identity
from hansa_node.node_store import NodeStore
from hansa_node.store import migrate
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.store.migrate import SCHEMA_VERSION
from hansa_store_values import disk_error
from hansa_taken_over import ENTRIES, OldNode, old_node
from hansa_test_node import BY_KIND, BY_MODE, ask, ask_with_receipts, decisions

TABLES = ("log_entries", "openings", "checkpoints", "cosignatures", "releases", "answers", "nonces", "reservations")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> OldNode:
    return old_node(tmp_path_factory.mktemp("old"))


@pytest.fixture
def old(made: OldNode, tmp_path: Path) -> OldNode:
    """With a store of the test's own."""
    store = tmp_path / "store.sqlite"
    store.write_bytes(made.store.read_bytes())
    store.chmod(0o600)
    return OldNode(node=made.node, store=store, made_at=made.made_at, answers=made.answers)


def identity_of(old: OldNode) -> LogIdentity:
    member = member_of(old.node.roster, old.node.config)
    return log_identity(member, read_identity(old.node.config, member).log_signer)


def backups(path: Path) -> list[Path]:
    return sorted(each for each in path.parent.iterdir() if ".version-" in each.name)


def content(path: Path, columns: str = "*") -> dict[str, list[Any]]:
    return {table: rows(path, f"SELECT {columns} FROM {table} ORDER BY 1, 2") for table in TABLES}


def version(path: Path) -> int:
    ((found,),) = rows(path, "PRAGMA user_version")
    return int(found)


def test_an_old_store_is_brought_forward_row_by_row_and_its_copy_is_kept(old: OldNode) -> None:
    before = content(old.store)
    NodeStore.open(old.store, identity_of(old)).close()
    assert version(old.store) == SCHEMA_VERSION
    backup, *later = sorted(backups(old.store))
    assert backup.name.startswith("store.sqlite.version-1.20")
    assert [each.name[:24] for each in later] == [f"store.sqlite.version-{step}.2" for step in range(2, SCHEMA_VERSION)]
    assert backup.stat().st_mode & 0o777 == 0o600
    assert (version(backup), content(backup)) == (1, before)
    assert [row[:4] for row in content(old.store)["log_entries"]] == before["log_entries"]
    assert {table: len(found) for table, found in content(old.store).items()} == {
        table: len(found) for table, found in before.items()
    }
    assert rows(old.store, "PRAGMA foreign_key_check") == rows(old.store, "SELECT * FROM charges") == []
    NodeStore.open(old.store, identity_of(old)).close()
    assert sorted(backups(old.store)) == [backup, *later]  # nothing is left to do, so nothing is copied


def test_old_and_new_stores_have_one_schema(old: OldNode, tmp_path: Path) -> None:
    NodeStore.open(old.store, identity_of(old)).close()
    new = tmp_path / "new.sqlite"
    NodeStore.open(new, identity_of(old)).close()
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    assert rows(old.store, schema) == rows(new, schema)
    assert not [each for each in backups(new) if each.name.startswith(new.name)]


def test_an_old_question_gets_its_old_answer_and_an_equal_one_the_old_release(old: OldNode) -> None:
    node, said = old.node, old.answers
    with node.context(old.store, clock=lambda: old.made_at + timedelta(seconds=2)) as context:
        for name in ("permitted_open", "permitted_controlled", "recalled", "refused_purpose", "refused_expired"):
            (again,) = ask_with_receipts(node, context, said[name].query)
            assert (again.envelope, again.receipt) == (said[name].answer, said[name].receipt)
        expires = old.made_at + timedelta(minutes=5)
        for name, plan in (("permitted_open", BY_MODE), ("permitted_controlled", BY_KIND)):
            (answer,) = ask(node, context, node.signed(node.query(plan, expires_at=expires)))
            outcome = node.opened(answer).outcome
            assert isinstance(outcome, Release)
            assert outcome == node.opened(said[name].answer).outcome
    assert decisions(old.store)[-2:] == [("permit", None, 1), ("permit", None, 1)]


def test_an_old_log_goes_on_and_what_was_open_in_it_ends(old: OldNode) -> None:
    before = leaves(old.store)
    assert len(before) == ENTRIES
    with old.node.context(old.store) as context:
        note = context.store.log.checkpoint()
        assert note is not None
        checkpoint = open_checkpoint(note, context.store.log.identity.vkey)
    after = leaves(old.store)
    assert after[:ENTRIES] == before
    # Rules that only had a hash are published now.
    assert types(old.store)[ENTRIES:] == [
        "query.aborted",
        "policy.published",
        *["dataset.registered"] * 2,
        "node.started",
    ]
    assert checkpoint.root == root_of_leaves([leaf_hash(leaf) for leaf in after])
    assert rows(old.store, "SELECT * FROM reservations") == []
    assert entries(old.store)[-1].node == "bremen"


@pytest.mark.parametrize(
    "statement", ["SELECT no_such_column FROM releases;", "INSERT INTO checkpoints VALUES (1, x'00', x'00');"]
)
def test_a_step_that_fails_leaves_the_old_store_and_says_so(
    old: OldNode, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    before, whole = content(old.store), migrate._step_sql
    monkeypatch.setattr(migrate, "_step_sql", lambda step: whole(step) + statement)
    with pytest.raises(StoreCorruptError, match=r"from version 1 to 2 .* as it was.* a copy lies at .*version-1"):
        NodeStore.open(old.store, identity_of(old))
    assert (version(old.store), content(old.store)) == (1, before)
    monkeypatch.undo()
    NodeStore.open(old.store, identity_of(old)).close()  # once it is mended
    assert version(old.store) == SCHEMA_VERSION


def test_without_room_for_the_copy_nothing_is_touched(old: OldNode, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(old.store)

    def full(*_: object) -> Path:
        raise disk_error()

    monkeypatch.setattr(migrate, "_back_up", full)
    with pytest.raises(StoreUnavailableError, match="free space"):
        NodeStore.open(old.store, identity_of(old))
    assert (version(old.store), content(old.store)) == (1, before)


def test_half_a_copy_does_not_stay(old: OldNode, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(sqlite3.Connection):
        def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
            if statement == "PRAGMA journal_mode = DELETE":
                raise disk_error()
            return super().execute(statement, *parameters)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=FullDisk))
    with pytest.raises(StoreUnavailableError, match="free space"):
        NodeStore.open(old.store, identity_of(old))
    assert (version(old.store), backups(old.store)) == (1, [])


def test_a_process_killed_within_a_step_leaves_the_old_store(old: OldNode) -> None:
    before = content(old.store)
    child = os.fork()
    if not child:
        connection = sqlite3.connect(old.store, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.create_function("row_checksum", -1, lambda *_: bytes(32))
        connection.executescript(f"BEGIN IMMEDIATE; {migrate._step_sql(2)}; PRAGMA user_version = 2;")
        os.kill(os.getpid(), 9)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert (version(old.store), content(old.store)) == (1, before)


def test_a_newer_store_is_not_touched(old: OldNode) -> None:
    connection = sqlite3.connect(old.store)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(ConfigError, match="newer Hansa"):
        NodeStore.open(old.store, identity_of(old))
    assert backups(old.store) == []
