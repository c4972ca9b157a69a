"""The node's durable state in one SQLite file: its log, nonces, charges, reservations, releases and answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol, Self

from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.log_entries import KeyAdded, LogGenesis, NodeStarted
from hansa_core.partial.release_key import ReleaseKey
from hansa_core.policy.decide import Refuse, Verdict
from hansa_core.policy.policy import Policy
from hansa_node.log import query_rows
from hansa_node.log.announcements import (
    Announcement,
    announce,
    check_roster_in_force,
    check_roster_may_follow,
    of_roster,
)
from hansa_node.log.batch import Batch
from hansa_node.log.head import LogBatches, LogWriter, load_head
from hansa_node.log.identity import LogIdentity
from hansa_node.log.keys import announce_keys
from hansa_node.log.own_log import OwnLog
from hansa_node.log.peer_logs import PeerLogs
from hansa_node.log.published_policy import PublishedPolicy, publish_policy
from hansa_node.log.records import Commitment, QueryRecord
from hansa_node.log.tree_rows import OWN_LOG, TreeRows
from hansa_node.store.answers import find_answer
from hansa_node.store.file import Reader, connect, lock
from hansa_node.store.ledger import spent_in
from hansa_node.store.nonces import nonce_owner
from hansa_node.store.published_rules import openings_of_rules
from hansa_node.store.releases import find_release
from hansa_node.store.reservations import Reservation
from hansa_node.store.wal import Wal
from hansa_node.store.writer import Writer
from hansa_wire.codec.answered import Answered


class Priced(Protocol):
    """A question whose price is known."""

    @property
    def ledgers(self) -> Collection[str]:
        """Those that an answer is charged to."""

    def decide(self, spent: Mapping[str, int]) -> Verdict:
        """Whether it may be answered after so much was spent in each of `ledgers`. Pure: it may be asked again."""


class NodeStore:
    """Log, nonces, reservations, releases and answers. Every method may be called from any thread.

    `log`: the city's own. `peers`: what is kept of other cities' logs.
    """

    def __init__(
        self, path: Path, lock_file: int, identity: LogIdentity, *, commit_window_ms: int, commit_max_batch: int
    ) -> None:
        self._lock_file = lock_file
        connection = connect(path)
        try:
            self._reader = Reader(path)
        except BaseException:
            connection.close()
            raise
        self._writer: LogWriter = Writer(
            connection,
            path,
            LogBatches(TreeRows(self._reader.rows, OWN_LOG), self._reader, identity),
            Wal(path, connection, self._reader),
            window_s=commit_window_ms / 1000,
            max_batch=commit_max_batch,
        )
        self.log = OwnLog(self._reader, self._writer, identity)
        self.peers = PeerLogs(self._reader, self._writer)

    @classmethod
    def open(cls, path: Path, identity: LogIdentity, *, commit_window_ms: int = 0, commit_max_batch: int = 256) -> Self:
        """Open or make the store. Nothing is signed before `begin`.

        Raises ConfigError if another process has it open, or if others than its owner could read it, and
        StoreCorruptError if its log is not the one that its newest checkpoint stands for.
        """
        lock_file = lock(path)
        try:
            store = cls(path, lock_file, identity, commit_window_ms=commit_window_ms, commit_max_batch=commit_max_batch)
        except BaseException:
            os.close(lock_file)
            raise
        try:
            load_head(store.log.tree, store._reader, identity)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the file and let another process open it."""
        self._writer.close()
        self._reader.close()
        os.close(self._lock_file)

    def check_roster(self, roster: RosterRef) -> None:
        """Raise ConfigError where the log has told of a later roster, or of another one under the same version."""
        check_roster_may_follow(self._reader, roster)

    def begin(
        self,
        announcements: Sequence[Announcement],
        started: NodeStarted,
        *,
        keys: Collection[KeyAdded] = (),
        now: datetime,
    ) -> None:
        """Record a start: the log's first entry if it has none, what a crash left open, what is new, and `started`.

        `keys`: those of the city that are in force. Raises ConfigError as `check_roster` does.
        """
        self.check_roster(started.roster)
        identity = self.log.identity

        def write(batch: Batch) -> None:
            if batch.size == 0:
                genesis = LogGenesis(origin=identity.origin, log_key=identity.signer.public_key.hex())
                batch.append(genesis, now=now)
            query_rows.abort_open(batch, now=now)
            announce(batch, announcements, anew=True, now=now)
            announce_keys(batch, keys, now=now)
            batch.append(started, now=now)

        self._writer.run(write)

    def published_policy(self, policy: Policy) -> PublishedPolicy:
        """The policy with its published rules, under the salt that it had before. Raises StoreCorruptError."""
        return publish_policy(policy, openings_of_rules(self._reader), self.log.identity.fresh_salt)

    def accept_roster(self, roster: RosterRef, keys: Collection[KeyAdded], *, now: datetime) -> None:
        """Record that a newer roster comes into force, under which `keys` are the city's. Nothing if it is recorded.

        From then on an answer that was decided under an earlier one cannot be committed.
        """

        def write(batch: Batch) -> None:
            announce(batch, (of_roster(roster),), anew=False, now=now)
            announce_keys(batch, keys, now=now)

        self._writer.run(write)

    def nonce_owner(self, key_id: str, nonce: bytes) -> bytes | None:
        """The hash of the query that this key used the nonce for."""
        return nonce_owner(self._reader, key_id, nonce)

    def answer(self, query_hash: bytes, key_id: str, *, after_expiry: bool) -> Answered | None:
        """The signed answer that this key's query got, and its receipt, as they were sent."""
        found = find_answer(self._reader, query_hash, key_id, after_expiry=after_expiry)
        return None if found is None else Answered(found.envelope, self.log.receipt(found.index))

    def release(self, key: ReleaseKey) -> bytes | None:
        """The Arrow bytes of the release under that key."""
        return find_release(self._reader, key)

    def spent(self, ledgers: Collection[str]) -> Mapping[str, int]:
        """What is spent in each ledger at this moment; it may be more when a charge is taken."""
        return spent_in(self._reader, ledgers)

    def charge(
        self,
        priced: Priced,
        asked: QueryRecord,
        nonce: bytes,
        *,
        announcements: Sequence[Announcement] = (),
        now: datetime,
    ) -> Reservation | Refuse:
        """Read what is spent, have it judged, and take the charges and the nonce, all in one transaction.

        What it returns is durable before any work starts; of several callers none can spend what another has spent.
        `announcements`: what the log has to have said before the question, however it ends. Raises LeagueChangedError
        where a newer roster is in force than the one in `asked`.
        """

        def write(batch: Batch) -> Reservation | Refuse:
            check_roster_in_force(batch, asked.roster)
            verdict = priced.decide(spent_in(batch.cursor, priced.ledgers))
            if isinstance(verdict, Refuse):
                return verdict
            announce(batch, announcements, anew=False, now=now)
            return query_rows.reserve(batch, asked, nonce, charges=verdict.charges, now=now)

        reservation, _ = self._writer.run(write)
        return reservation

    def abort(self, reservation: Reservation, *, now: datetime) -> None:
        """Record that a reservation ends without an answer; its charge stays.

        Nothing happens if it was settled: a commit may report failure and yet have persisted.
        """
        self._writer.run(partial(query_rows.abort_if_open, reservation=reservation, now=now))

    def commit(self, commitment: Commitment) -> bytes:
        """Make entry, opening, nonce, release, debit, answer and checkpoint durable, all or none; the receipt.

        Raises LeagueChangedError as `charge` does.
        """
        index, sealed = self._writer.run(partial(query_rows.commit, commitment=commitment))
        assert sealed is not None  # there is an entry
        return sealed.receipt(index)
