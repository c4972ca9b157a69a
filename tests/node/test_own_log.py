"""The node's own log: what a receipt proves, what others read, and that nothing signed is ever contradicted."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError, StoreCorruptError
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.log_entries import LogGenesis, NodeStarted, PeerHead
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.evidence.rule_entries import DataVersion
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import Frontier, grow, inclusion_proof, leaf_hash, root_of, root_of_leaves
from hansa_core.tlog.note import read_note
from hansa_core.tlog.proof import decode_proof
from hansa_core.tlog.tiles import Tile, TileHashes, decode_bundle
from hansa_log_checks import assert_openings_open, entries, leaves, rows, types
from hansa_node.log import head
from hansa_node.log.announcements import Announcement, announce, check_roster_may_follow, of_roster
from hansa_node.log.batch import Batch
from hansa_node.log.sealed import Head, Sealed, edge_hashes
from hansa_node.log.tree_rows import OWN_LOG, TreeRows
from hansa_node.node_store import NodeStore
from hansa_node.store.checksum import row_checksum
from hansa_node.store.errors import StoreUnavailableError
from hansa_store_values import (
    ASKED,
    COMMITMENT,
    IDENTITY,
    LOG_KEY,
    NONCE,
    NOW,
    POLICY,
    ROSTER,
    begun,
    make_faulty,
    make_sound,
    opened,
    refusal,
    reserved,
)
from hansa_whole_trees import tiles_of, tree_hashes

STARTED = NodeStarted(policy=POLICY, roster=ROSTER)
HEAD = PeerHead(origin="node.hamburg/log", size=1, root="00" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[NodeStore]:
    opened = begun(path)
    yield opened
    opened.close()


def proven(store: NodeStore, receipt: bytes) -> QueryDecision:
    """What the receipt proves to anybody who has the log's key."""
    proof = decode_proof(receipt)
    proof.verify(proof.extra, IDENTITY.vkey)
    assert store.log.tree.entries(proof.index, proof.index + 1) == [proof.extra]
    body = decode_entry(proof.extra).body
    assert isinstance(body, QueryDecision)
    return body


def test_a_log_begins_with_its_genesis_and_each_start_is_an_entry(path: Path) -> None:
    begun(path).close()
    begun(path).close()
    first, *others = entries(path)
    assert first.body == LogGenesis(origin="node.bremen/log", log_key=LOG_KEY.public_key.hex())
    assert [entry.body for entry in others] == [STARTED, STARTED]


def test_nothing_is_signed_before_the_log_begins(path: Path) -> None:
    store = opened(path)
    assert (store.log.size, store.log.checkpoint()) == (0, None)
    store.close()
    assert leaves(path) == []


def test_a_receipt_proves_the_entry_under_the_checkpoint_of_its_own_batch(store: NodeStore) -> None:
    for number in range(1, 20):
        receipt = store.commit(refusal(number))
        assert proven(store, receipt).query_hash == refusal(number).asked.query_hash.hex()
        assert store.log.checkpoint() == decode_proof(receipt).checkpoint_note


def test_a_receipt_stays_the_same_bytes_when_the_log_grows_and_the_node_starts_again(path: Path) -> None:
    store = begun(path)
    receipts = {number: store.commit(refusal(number)) for number in range(1, 300)}
    store.close()
    again = begun(path)
    for number, receipt in receipts.items():
        asked = refusal(number).asked
        answered = again.answer(asked.query_hash, asked.key_id, after_expiry=False)
        assert answered is not None
        assert answered.receipt == receipt
    again.close()


@settings(max_examples=40, deadline=None)
@given(before=st.integers(0, 700), added=st.integers(1, 300))
def test_the_proofs_of_a_batch_are_those_of_rfc_6962(before: int, added: int) -> None:
    hashes = [leaf_hash(index.to_bytes(4, "big")) for index in range(before + added)]
    levels = tree_hashes(hashes)
    old, _ = grow(Frontier(), hashes[:before])
    new, made = grow(old, hashes[before:])
    sealed = Sealed(
        head=Head(frontier=new, time_unix_s=0),
        note=b"",
        leaves=[b""] * added,
        hashes=edge_hashes(old) | {(level, index): value for level, index, value in made},
    )
    for index in {before, before + added - 1, before + added // 2}:
        assert sealed.proof(index) == inclusion_proof(index, new.size, lambda level, at: levels[level][at])


def test_every_tile_and_bundle_is_that_of_the_entries(store: NodeStore, path: Path) -> None:
    for number in range(1, 560):
        store.log.append(replace(HEAD, size=number), now=NOW)
    stored, tree = leaves(path), store.log.tree
    read = TileHashes(len(stored), tree.tile)
    assert Frontier.of(len(stored), read).root == root_of_leaves([leaf_hash(leaf) for leaf in stored])
    for tile in tiles_of(len(stored)):
        assert len(tree.tile(tile)) == 32 * tile.width
        if tile.level == 0:
            assert list(decode_bundle(tree.bundle(tile), tile.width)) == stored[tile.start : tile.start + tile.width]
    assert rows(path, "SELECT level, idx FROM log_hashes") == [(1, 0), (1, 1)]


def test_a_tile_that_grows_is_read_on_from_where_it_was(store: NodeStore, path: Path) -> None:
    for number in range(1, 40):
        store.log.append(replace(HEAD, size=number), now=NOW)
    read: list[int] = []

    def counted(statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        found = store._reader.rows(statement, values)
        read.extend(index for _, _, index, *_ in found)
        return found

    tree, hashes = TreeRows(counted, OWN_LOG), [leaf_hash(leaf) for leaf in leaves(path)]
    for width in (3, 1, 30, 30, 41, 7):
        assert tree.tile(Tile(0, 0, width)) == b"".join(hashes[:width])
    assert read == list(range(41))


def test_a_mirror_grows_on_after_a_restart(path: Path, tmp_path: Path) -> None:
    peer, origin = begun(tmp_path / "peer.sqlite"), IDENTITY.origin
    start = 0
    for _ in range(3):
        for number in range(1, 30):
            peer.log.append(replace(HEAD, size=number), now=NOW)
        note, size = peer.log.checkpoint(), peer.log.size
        assert note is not None
        with closing(begun(path)) as mirroring:
            for end in (size - 3, size):
                signed = sign_checkpoint(
                    Checkpoint(origin, end, root_of(end, peer.log.tree.hashes(size))), IDENTITY.signer
                )
                entries_of_peer = peer.log.tree.entries(start, end)
                mirroring.peers.mirror_append(origin, start, entries_of_peer, signed, is_cosigned=True)
                start = end
            assert mirroring.peers.mirrored(origin) == (size, note)
    peer.close()


def test_time_never_goes_back_though_the_clock_does(store: NodeStore, path: Path) -> None:
    for seconds in (5, -60, 3, 8):
        store.log.append(HEAD, now=NOW + timedelta(seconds=seconds))
    start = entries(path)[0].time_unix_s
    assert [entry.time_unix_s - start for entry in entries(path)] == [0, 0, 5, 5, 5, 8]


def test_what_others_cosigned_is_served_with_the_checkpoint(store: NodeStore) -> None:
    witness = Ed25519Signer(b"\x02" * 32)
    size, note = store.log.size, store.log.checkpoint()
    assert note is not None
    for at in (1_770_000_000, 1_770_000_009):  # the later line replaces the earlier
        line = cosign(read_note(note).text, witness, "node.hamburg/witness", at)
        store.log.add_cosignatures(size, [line], complete_at=None)
    assert store.log.witnessed() is None
    store.log.add_cosignatures(size, [line], complete_at=NOW)
    assert store.log.witnessed() == (size, NOW)
    assert store.log.checkpoint() == note + line
    store.log.append(HEAD, now=NOW)
    assert store.log.checkpoint(size) == note + line
    newest = store.log.checkpoint()
    assert newest is not None
    assert len(read_note(newest).signatures) == 1
    store.log.add_cosignatures(size - 1 or size, [], complete_at=NOW + timedelta(seconds=1))
    assert store.log.witnessed() == (size, NOW)


def test_deleted_openings_leave_every_proof_valid(store: NodeStore) -> None:
    old = store.commit(refusal(1))
    new = store.commit(replace(refusal(2), decided_at=NOW + timedelta(days=2)))
    assert store.log.forget_openings(NOW + timedelta(days=1)) == 1
    assert store.log.opening(decode_proof(old).index) is None
    assert store.log.opening(decode_proof(new).index) is not None
    for receipt in (old, new):
        assert proven(store, receipt)
    assert store.log.forget_openings(NOW + timedelta(days=9)) == 1


# Faults ---------------------------------------------------------------------------------------------------------------

STATEMENTS = [
    "BEGIN",
    "INSERT INTO nonces",
    "INSERT INTO log_entries",
    "INSERT INTO openings",
    "DELETE FROM reservations",
    "INSERT INTO releases",
    "INSERT INTO answers",
    "INSERT INTO checkpoints",
    "INSERT INTO log_hashes",
    "COMMIT",
]


def failing_once(statement: str) -> Callable[[str], bool]:
    """A fault at the first statement that begins so."""
    left = [statement]

    def fault(executed: str) -> bool:
        return bool(left) and executed.startswith(left[0]) and bool(left.pop())

    return fault


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_disk_that_fails_at_any_write_takes_nothing_and_signs_no_second_history(
    store: NodeStore, path: Path, statement: str
) -> None:
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    checkpoint, before = store.log.checkpoint(), leaves(path)
    make_faulty(store, fault=failing_once(statement))
    with pytest.raises(StoreUnavailableError):
        store.commit(replace(COMMITMENT, reservation=reservation))
    assert (store.log.checkpoint(), leaves(path)) == (checkpoint, before)
    assert store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False) is None
    make_sound(store)
    receipt = store.commit(replace(COMMITMENT, reservation=reservation))
    assert proven(store, receipt).query_hash == ASKED.query_hash.hex()
    assert_one_history(path)
    assert_openings_open(store.log)


def test_a_commit_that_failed_but_persisted_is_found_in_the_file_before_anything_more_is_signed(
    store: NodeStore, path: Path
) -> None:
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    make_faulty(store, afterwards=failing_once("COMMIT"))
    with pytest.raises(StoreUnavailableError):
        store.commit(replace(COMMITMENT, reservation=reservation))
    make_sound(store)
    answered = store.answer(ASKED.query_hash, ASKED.key_id, after_expiry=False)
    assert answered is not None  # the same bytes get it when they are asked again
    assert proven(store, answered.receipt)
    store.abort(reservation, now=NOW)  # as the pipeline does, which was told of a failure
    store.commit(refusal(7))
    assert types(path)[2:] == ["query.decision", "query.decision"]
    assert_one_history(path)


def test_while_the_file_cannot_be_read_nothing_is_signed(
    store: NodeStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = leaves(path)
    make_faulty(store, fault=lambda statement: statement.startswith("COMMIT"))
    with pytest.raises(StoreUnavailableError):
        store.commit(refusal(1))
    make_sound(store)

    def unreadable(*_: object) -> Head:
        raise StoreUnavailableError("the disk does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(head, "load_head", unreadable)
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.commit(refusal(2))
    assert leaves(path) == before
    store.commit(refusal(3))
    assert_one_history(path)


def assert_one_history(path: Path) -> None:
    """Every checkpoint that was ever committed stands for the entries as they are now."""
    hashes = [leaf_hash(leaf) for leaf in leaves(path)]
    for size, note in rows(path, "SELECT size, note FROM checkpoints"):
        checkpoint = open_checkpoint(note, IDENTITY.vkey)
        assert (checkpoint.size, checkpoint.root) == (size, root_of_leaves(hashes[:size]))


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        ("DELETE FROM log_entries WHERE idx = 3", "misses entries"),
        ("DELETE FROM log_entries WHERE idx = 4", "not those of its newest checkpoint"),
        (
            "UPDATE log_entries SET leaf = x'00', sha256 = row_checksum(log, idx, time_unix_s, x'00') WHERE idx = 1",
            "not those of its newest checkpoint",
        ),
        ("UPDATE log_entries SET leaf = x'00' WHERE idx = 1", "entry 1 of a log .* checksum differs"),
        ("UPDATE log_entries SET time_unix_s = 9 WHERE idx = 4", "entry 4 of a log .* checksum differs"),
        ("DELETE FROM checkpoints WHERE size = 5", "not those of its newest checkpoint"),
        ("DELETE FROM checkpoints", "not one that its key signed"),
        (
            "UPDATE checkpoints SET note = x'00', sha256 = row_checksum(size, x'00')",
            "not one that its key signed",
        ),
        ("UPDATE checkpoints SET note = x'00'", "the checkpoint of size 5 .* checksum differs"),
    ],
)
def test_a_log_that_was_tampered_with_stops_the_start(path: Path, harm: str, text: str) -> None:
    store = begun(path)
    for number in range(1, 4):
        store.commit(refusal(number))
    store.close()
    connection = sqlite3.connect(path)
    connection.create_function("row_checksum", -1, row_checksum)
    connection.execute(harm)
    connection.commit()
    connection.close()
    with pytest.raises(StoreCorruptError, match=text):
        opened(path)


def test_a_store_of_another_log_key_stops_the_start(path: Path) -> None:
    begun(path).close()
    with pytest.raises(StoreCorruptError, match="not one that its key signed"):
        NodeStore.open(path, replace(IDENTITY, signer=Ed25519Signer(b"\x09" * 32)))


# Group commit ---------------------------------------------------------------------------------------------------------


def at_once(store: NodeStore, writes: list[Callable[[], object]]) -> list[object]:
    """Run the writes so that all wait for one transaction; what each returned or raised."""

    def run(write: Callable[[], object]) -> object:
        try:
            return write()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error

    writer, go_on, is_held = store._writer, threading.Event(), threading.Event()

    def hold(_: Batch) -> None:
        is_held.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(len(writes) + 1) as pool:
        holding = pool.submit(writer.run, hold)
        assert is_held.wait(60)
        futures = []
        for count, write in enumerate(writes, start=1):
            futures.append(pool.submit(run, write))
            while len(writer._waiting) < count:
                threading.Event().wait(0.001)
        go_on.set()
        holding.result()
    return [future.result() for future in futures]


def test_callers_at_the_same_time_share_one_transaction_and_one_checkpoint(store: NodeStore, path: Path) -> None:
    receipts = at_once(store, [partial(store.commit, refusal(number)) for number in range(1, 40)])
    proofs = [decode_proof(receipt) for receipt in receipts if isinstance(receipt, bytes)]
    assert len({proof.checkpoint_note for proof in proofs}) == 1
    assert sorted(proof.index for proof in proofs) == list(range(2, 41))
    assert rows(path, "SELECT size FROM checkpoints") == [(2,), (41,)]
    for number, receipt in enumerate(receipts, start=1):
        assert isinstance(receipt, bytes)
        assert proven(store, receipt).query_hash == refusal(number).asked.query_hash.hex()


def test_a_batch_is_no_larger_than_it_may_be(path: Path) -> None:
    store = begun(path, commit_max_batch=16)
    at_once(store, [partial(store.commit, refusal(number)) for number in range(1, 41)])
    store.close()
    assert rows(path, "SELECT size FROM checkpoints") == [(2,), (18,), (34,), (42,)]


def test_a_write_that_fails_does_not_poison_the_others(store: NodeStore, path: Path) -> None:
    store.commit(COMMITMENT)
    thief = replace(refusal(99), nonce=NONCE)  # another query's nonce

    def broken(batch: Batch) -> None:
        batch.append(HEAD, now=NOW)
        raise RuntimeError("a value")

    writes: list[Callable[[], object]] = [
        lambda: store.commit(refusal(1)),
        lambda: store.commit(thief),
        lambda: store.commit(refusal(2)),
        lambda: store._writer.run(broken),
        lambda: store.commit(refusal(3)),
    ]
    first, stolen, second, failed, third = at_once(store, writes)
    assert isinstance(stolen, StoreCorruptError)
    assert isinstance(failed, RuntimeError)
    for receipt in (first, second, third):
        assert isinstance(receipt, bytes)
        assert proven(store, receipt)
    assert types(path)[2:] == ["query.decision"] * 4
    assert_one_history(path)


def test_a_batch_whose_commit_fails_fails_for_every_caller(store: NodeStore, path: Path) -> None:
    make_faulty(store, fault=failing_once("INSERT INTO checkpoints"))
    outcomes = at_once(store, [partial(store.commit, refusal(number)) for number in range(1, 9)])
    assert all(isinstance(outcome, StoreUnavailableError) for outcome in outcomes)
    make_sound(store)
    assert types(path) == ["log.genesis", "node.started"]
    store.commit(refusal(1))
    assert_one_history(path)


def test_many_callers_all_get_their_own_receipt(path: Path) -> None:
    store = begun(path, commit_max_batch=7)
    with ThreadPoolExecutor(24) as pool:
        receipts = list(pool.map(lambda number: store.commit(refusal(number)), range(1, 241)))
    assert [proven(store, receipt).query_hash for receipt in receipts] == [
        refusal(number).asked.query_hash.hex() for number in range(1, 241)
    ]
    store.close()
    assert_one_history(path)


def test_whatever_left_a_node_that_is_killed_while_many_commit_is_in_its_log(path: Path) -> None:
    script = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from hashlib import sha256
sys.path[:0] = sys.argv[2].split(":")
from hansa_store_values import begun, refusal
store = begun(Path(sys.argv[1]))

def leave(number):
    receipt = store.commit(refusal(number))
    os.write(1, f"{number} {sha256(receipt).hexdigest()}\\n".encode())  # whole, though many threads write

with ThreadPoolExecutor(8) as pool:
    list(pool.map(leave, range(1, 100_000)))
"""
    root = Path(__file__).parents[2]
    folders = ":".join(str(root / name) for name in ("core", "protos", "node", "tests/support"))
    command = [sys.executable, "-c", script, str(path), folders]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        left = [killed.stdout.readline() for _ in range(150)]
        killed.kill()
        left += killed.stdout.readlines()
    store = begun(path)
    told = [line.split() for line in left if line.endswith("\n")]
    for number, receipt in told:
        asked = refusal(int(number)).asked
        answered = store.answer(asked.query_hash, asked.key_id, after_expiry=False)
        assert answered is not None
        assert sha256(answered.receipt).hexdigest() == receipt
        assert proven(store, answered.receipt)
    assert len(told) >= 150
    assert_one_history(path)
    store.close()


def test_a_window_lets_others_join(path: Path) -> None:
    store = begun(path, commit_window_ms=200)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.commit(refusal(number)), range(1, 9)))
    store.close()
    assert len(rows(path, "SELECT size FROM checkpoints")) < 6


# Announcements and other logs -----------------------------------------------------------------------------------------


def data(version: int) -> Announcement:
    says: dict[str, JsonValue] = {"dataset": "housing.permits/1", "data_version": version}
    subject = "data of housing.permits/1"
    return Announcement(subject=subject, version=version, kind=DataVersion, says=says)


def test_what_an_answer_stands_on_is_said_before_it_and_once(store: NodeStore, path: Path) -> None:
    for number, version in enumerate((3, 3, 4, 3, 4), start=1):  # a slow answer over version 3 comes after 4's first
        store.commit(replace(refusal(number), announcements=(data(version),)))
    assert [each.removeprefix("query.") for each in types(path)[2:]] == [
        "data.version",
        "decision",
        "decision",
        "data.version",
        "decision",
        "decision",
        "decision",
    ]
    store.begin((data(3),), STARTED, now=NOW)  # a smaller one is news at a start only
    assert types(path)[-2:] == ["data.version", "node.started"]


@pytest.mark.parametrize("statement", ["INSERT INTO checkpoints", "COMMIT"])
def test_what_a_write_that_failed_would_have_said_is_said_by_the_next_one(
    store: NodeStore, path: Path, statement: str
) -> None:
    answer = replace(refusal(1), announcements=(data(3),))
    make_faulty(store, fault=failing_once(statement))
    with pytest.raises(StoreUnavailableError):
        store.commit(answer)
    make_sound(store)
    store.commit(answer)
    assert types(path)[2:] == ["data.version", "query.decision"]


def test_what_another_callers_write_would_have_said_before_it_failed_is_said_by_those_beside_it(
    store: NodeStore, path: Path
) -> None:
    def broken(batch: Batch) -> None:
        announce(batch, (data(3),), anew=False, now=NOW)
        raise RuntimeError("a value")

    commit = partial(store.commit, replace(refusal(1), announcements=(data(3),)))
    at_once(store, [lambda: store._writer.run(broken), commit])
    assert types(path)[2:] == ["data.version", "query.decision"]


def test_a_lost_tail_comes_back_from_a_peer_and_only_under_our_own_signature(path: Path, tmp_path: Path) -> None:
    store = begun(path)
    at_once(store, [partial(store.commit, refusal(number)) for number in range(1, 30)])
    note, kept = store.log.checkpoint(), store.log.tree.entries(0, store.log.size)
    store.close()
    assert note is not None
    restored = opened(tmp_path / "restored.sqlite")
    with pytest.raises(PeerError, match="do not make the 31 signed ones"):
        restored.log.replay(kept[:-1], note)
    with pytest.raises(PeerError, match="do not lead to the root"):
        restored.log.replay([*kept[:-2], kept[-1], kept[-2]], note)
    assert restored.log.size == 0
    restored.log.replay(kept, note)
    assert restored.log.checkpoint() == note
    restored.log.append(HEAD, now=NOW)
    restored.close()
    assert_one_history(tmp_path / "restored.sqlite")


def test_a_backup_learns_from_its_own_later_entries_what_has_ended_and_what_was_said(
    path: Path, tmp_path: Path
) -> None:
    store = begun(path)
    reservation = reserved(store, ASKED, NONCE, now=NOW)
    with sqlite3.connect(path) as live, sqlite3.connect(tmp_path / "backup.sqlite") as copy:
        live.backup(copy)
    (tmp_path / "backup.sqlite").chmod(0o600)
    live.close()
    copy.close()
    store.commit(replace(COMMITMENT, reservation=reservation, announcements=(data(3),)))
    note, kept = store.log.checkpoint(), store.log.tree.entries(2, store.log.size)
    store.close()
    assert note is not None
    restored = opened(tmp_path / "backup.sqlite")
    restored.log.replay(kept, note)
    restored.begin((data(3),), STARTED, now=NOW)
    restored.close()
    found = types(tmp_path / "backup.sqlite")
    assert found == ["log.genesis", "node.started", "data.version", "query.decision", "node.started"]
    assert rows(tmp_path / "backup.sqlite", "SELECT * FROM reservations") == []


def test_a_mirror_takes_only_what_leads_to_the_checkpoint(store: NodeStore, path: Path, tmp_path: Path) -> None:
    peer, origin = begun(tmp_path / "peer.sqlite"), IDENTITY.origin
    notes = []
    for round_of in range(3):
        for number in range(1, 200):
            peer.log.append(replace(HEAD, size=200 * round_of + number), now=NOW)
        note = peer.log.checkpoint()
        assert note is not None
        notes.append((peer.log.size, note))
    everything = peer.log.tree.entries(0, peer.log.size)
    start = 0
    for size, note in notes:
        with pytest.raises(PeerError, match="do not lead to the root"):
            store.peers.mirror_append(origin, start, [b"x", *everything[start + 1 : size]], note, is_cosigned=True)
        store.peers.mirror_append(origin, start, everything[start:size], note, is_cosigned=size < notes[-1][0])
        assert store.peers.mirrored(origin) == (size, note)
        assert store.peers.mirrored_cosigned(origin) == min((size, note), notes[-2])
        start = size
    with pytest.raises(PeerError, match="send those from there"):
        store.peers.mirror_append(origin, 0, everything, notes[-1][1], is_cosigned=True)
    mirror = store.peers.mirror(origin)
    assert mirror is not None
    assert mirror.entries(0, start) == everything
    for tile in tiles_of(start):
        assert mirror.tile(tile) == peer.log.tree.tile(tile)
    assert store.peers.mirror("node.nowhere/log") is None
    assert rows(path, f"SELECT count(*) FROM log_entries WHERE log = {OWN_LOG}") == [(2,)]
    peer.close()


def test_a_witness_never_goes_back_behind_what_it_cosigned(store: NodeStore) -> None:
    peers, origin = store.peers, "node.hamburg/log"
    assert peers.cosigned(origin) is None
    assert peers.put_cosigned(origin, before=None, size=5, root=b"a" * 32)
    assert not peers.put_cosigned(origin, before=None, size=7, root=b"b" * 32)
    assert peers.put_cosigned(origin, before=(5, b"a" * 32), size=7, root=b"b" * 32)
    assert not peers.put_cosigned(origin, before=(5, b"a" * 32), size=6, root=b"c" * 32)
    assert peers.cosigned(origin) == (7, b"b" * 32)


# What is served again, or decided upon, is compared with its checksum -------------------------------------------------


def flip(path: Path, table: str, column: str) -> None:
    """Change the lowest bit of the last byte in every row, as a failing disk does; its checksum stays."""
    with closing(sqlite3.connect(path)) as connection:
        for rowid, value in connection.execute(f"SELECT {KEYS[table]}, {column} FROM {table}").fetchall():
            flipped = value ^ 1 if isinstance(value, int) else type(value)(_flipped(value))
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ?", (flipped, rowid))
        connection.commit()


KEYS = {"cosignatures": "size", "witnessed": "only", "log_hashes": "idx", "mirrors": "log", "announced": "subject"}


def _flipped(value: bytes | str) -> bytes | str:
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    return value[:-1] + bytes([value[-1] ^ 1])


@pytest.mark.parametrize(
    ("table", "column", "use"),
    [
        ("cosignatures", "line", lambda store: store.log.checkpoint()),
        ("witnessed", "at", lambda store: store.log.witnessed()),
        ("log_hashes", "hash", lambda store: TreeRows(store._reader.rows, OWN_LOG).tile(Tile(1, 0, 2))),
        ("mirrors", "note", lambda store: store.peers.mirrored(IDENTITY.origin)),
        ("mirrors", "cosigned_note", lambda store: store.peers.mirrored_cosigned(IDENTITY.origin)),
        ("mirrors", "size", lambda store: store.peers.mirror(IDENTITY.origin)),
        ("announced", "version", lambda store: check_roster_may_follow(store._reader, ROSTER)),
        ("announced", "digest", lambda store: check_roster_may_follow(store._reader, ROSTER)),
    ],
)
def test_a_flipped_bit_of_what_is_served_or_decided_upon_is_a_corrupt_store(
    store: NodeStore, path: Path, tmp_path: Path, table: str, column: str, use: Callable[[NodeStore], object]
) -> None:
    for number in range(1, 512):
        store.log.append(replace(HEAD, size=number), now=NOW)
    store.begin((of_roster(ROSTER),), NodeStarted(policy=POLICY, roster=ROSTER), now=NOW)
    note = store.log.checkpoint()
    assert note is not None
    witness = Ed25519Signer(b"\x02" * 32)
    line = cosign(read_note(note).text, witness, "node.hamburg/witness", 1_770_000_000)
    store.log.add_cosignatures(store.log.size, [line], complete_at=NOW)
    with closing(begun(tmp_path / "peer.sqlite")) as peer:
        peer_note, entries_of_peer = peer.log.checkpoint(), peer.log.tree.entries(0, peer.log.size)
        assert peer_note is not None
        store.peers.mirror_append(IDENTITY.origin, 0, entries_of_peer, peer_note, is_cosigned=True)
    use(store)
    flip(path, table, column)
    with pytest.raises(StoreCorruptError, match=r"checksum differs.*restore"):
        use(store)
