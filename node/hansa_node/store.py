"""The node's one durable truth: a SQLite file with a single writer, in which every commit is one transaction."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from hansa_core.errors import StoreCorruptError
from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Envelope, Signature
from hansa_node.records import Asked, Commitment, Decision, ReleaseKey, Reservation
from hansa_node.store_file import connect, lock, sorted_errors

_DECISION = """
INSERT INTO decisions (decided_at, query_hash, key_id, subject, organisation, purpose, dataset, level, data_version,
    policy_id, policy_version, roster_version, software_version, decision, code, recalled, cost_microrho, result_hash)
VALUES (:decided_at, :query_hash, :key_id, :subject, :organisation, :purpose, :dataset, :level, :data_version,
    :policy_id, :policy_version, :roster_version, :software_version, :decision, :code, :recalled, :cost_microrho,
    :result_hash)
"""
_RESERVATION = """
INSERT INTO reservations (reserved_at, query_hash, key_id, subject, organisation, purpose, dataset, level,
    data_version, policy_id, policy_version, roster_version, software_version, cost_microrho)
VALUES (:reserved_at, :query_hash, :key_id, :subject, :organisation, :purpose, :dataset, :level,
    :data_version, :policy_id, :policy_version, :roster_version, :software_version, :cost_microrho)
"""
_ABORTED = """
INSERT INTO decisions (decided_at, query_hash, key_id, subject, organisation, purpose, dataset, level, data_version,
    policy_id, policy_version, roster_version, software_version, decision, cost_microrho)
SELECT :decided_at, query_hash, key_id, subject, organisation, purpose, dataset, level, data_version,
    policy_id, policy_version, roster_version, software_version, :decision, cost_microrho
FROM reservations WHERE id = :reservation AND decision_id IS NULL
"""
_RELEASE = """
INSERT INTO releases (plan_hash, level, data_version, protection_version, contract, partial_ipc)
VALUES (:plan_hash, :level, :data_version, :protection_version, :contract, :partial_ipc)
"""
_ANSWER = """
INSERT INTO answers (query_hash, key_id, after_expiry, payload, signature_key_id, signature, decision_id)
VALUES (:query_hash, :key_id, :after_expiry, :payload, :signature_key_id, :signature, :decision_id)
"""


class Store:
    """Nonces, reservations, releases, answers and decisions. Every method may be called from any thread."""

    def __init__(self, connection: sqlite3.Connection, lock_file: int, path: Path) -> None:
        self._connection = connection
        self._lock_file = lock_file
        self._path = path
        self._writer = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, now: datetime) -> Self:
        """Open or make the store, and record each reservation that a crash left open as `aborted`.

        Raises ConfigError if another process has it open, or if others than its owner could read it.
        """
        lock_file = lock(path)
        try:
            store = cls(connect(path), lock_file, path)
        except BaseException:
            os.close(lock_file)
            raise
        try:
            store.abort_open_reservations(now)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the file and let another process open it."""
        with self._writer:
            self._connection.close()
            os.close(self._lock_file)

    def nonce_owner(self, key_id: str, nonce: bytes) -> bytes | None:
        """The hash of the query that this key used the nonce for."""
        row = self._one("SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (key_id, nonce))
        return None if row is None else row[0]

    def answer(self, query_hash: bytes, key_id: str, *, after_expiry: bool) -> Envelope | None:
        """The signed answer that this key's query got, as it was sent."""
        row = self._one(
            "SELECT payload, signature_key_id, signature FROM answers"
            " WHERE query_hash = ? AND key_id = ? AND after_expiry = ?",
            (query_hash, key_id, int(after_expiry)),
        )
        return None if row is None else Envelope(payload_types.ANSWER, row[0], (Signature(row[1], row[2]),))

    def release(self, key: ReleaseKey) -> bytes | None:
        """The Arrow bytes of the release under that key."""
        row = self._one(
            "SELECT partial_ipc FROM releases"
            " WHERE plan_hash = ? AND level = ? AND data_version = ? AND protection_version = ?",
            (key.plan_hash, key.level.value, key.data_version, key.protection_version),
        )
        return None if row is None else row[0]

    def reserve(self, asked: Asked, nonce: bytes, *, cost_microrho: int, now: datetime) -> Reservation:
        """Take the charge and claim the nonce, durably, before any work starts."""
        with self._transaction() as cursor:
            _claim(cursor, asked, nonce)
            cursor.execute(_RESERVATION, _row(asked) | {"reserved_at": now.isoformat(), "cost_microrho": cost_microrho})
            return Reservation(id=_new_id(cursor), cost_microrho=cost_microrho)

    def abort(self, reservation: Reservation, *, now: datetime) -> None:
        """Record that a reservation ends without an answer; its charge stays.

        Nothing happens if it was settled: a commit may report failure and yet have persisted.
        """
        with self._transaction() as cursor:
            _abort_if_open(cursor, reservation.id, now)

    def abort_open_reservations(self, now: datetime) -> int:
        """Abort what a crash left open; how many there were."""
        with self._transaction() as cursor:
            rows = cursor.execute("SELECT id FROM reservations WHERE decision_id IS NULL ORDER BY id").fetchall()
            for (reservation,) in rows:
                _abort_if_open(cursor, reservation, now)
            return len(rows)

    def commit(self, commitment: Commitment) -> None:
        """Make decision, nonce, release, debit and answer durable: all of them or none."""
        asked, reservation, release = commitment.asked, commitment.reservation, commitment.release
        with self._transaction() as cursor:
            if commitment.nonce is not None and commitment.code != "replay":
                _claim(cursor, asked, commitment.nonce)
            cursor.execute(
                _DECISION,
                _row(asked)
                | {
                    "decided_at": commitment.decided_at.isoformat(),
                    "decision": commitment.decision.value,
                    "code": commitment.code,
                    "recalled": int(commitment.recalled),
                    "cost_microrho": 0 if reservation is None else reservation.cost_microrho,
                    "result_hash": commitment.result_hash,
                },
            )
            decision = _new_id(cursor)
            if reservation is not None:
                _settle(cursor, reservation.id, decision)
            if release is not None:
                cursor.execute(
                    _RELEASE,
                    {
                        "plan_hash": release.plan_hash,
                        "level": release.level.value,
                        "data_version": release.data_version,
                        "protection_version": release.protection_version,
                        "contract": str(release.contract),
                        "partial_ipc": release.partial_ipc,
                    },
                )
            (signature,) = commitment.answer.signatures
            cursor.execute(
                _ANSWER,
                {
                    "query_hash": asked.query_hash,
                    "key_id": asked.key_id,
                    "after_expiry": int(commitment.after_expiry),
                    "payload": commitment.answer.payload,
                    "signature_key_id": signature.keyid,
                    "signature": signature.sig,
                    "decision_id": decision,
                },
            )

    def _one(self, statement: str, parameters: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._writer, sorted_errors(self._path):
            row: tuple[Any, ...] | None = self._connection.execute(statement, parameters).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._writer, sorted_errors(self._path):
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has rolled back by itself where the disk was full
                    cursor.execute("ROLLBACK")
                raise


def _row(asked: Asked) -> dict[str, object]:
    return {
        "query_hash": asked.query_hash,
        "key_id": asked.key_id,
        "subject": asked.subject,
        "organisation": asked.organisation,
        "purpose": asked.purpose,
        "dataset": None if asked.dataset is None else str(asked.dataset),
        "level": None if asked.level is None else asked.level.value,
        "data_version": asked.data_version,
        "policy_id": asked.policy_id,
        "policy_version": asked.policy_version,
        "roster_version": asked.roster_version,
        "software_version": asked.software_version,
    }


def _claim(cursor: sqlite3.Cursor, asked: Asked, nonce: bytes) -> None:
    cursor.execute(
        "INSERT INTO nonces (key_id, nonce, query_hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (asked.key_id, nonce, asked.query_hash),
    )
    owner = cursor.execute(
        "SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (asked.key_id, nonce)
    ).fetchone()
    if bytes(owner[0]) != asked.query_hash:
        raise StoreCorruptError("two queries hold one nonce: the check for replays was passed by")


def _abort_if_open(cursor: sqlite3.Cursor, reservation: int, now: datetime) -> None:
    parameters = {"decided_at": now.isoformat(), "decision": Decision.ABORTED.value, "reservation": reservation}
    cursor.execute(_ABORTED, parameters)
    if cursor.rowcount == 1:
        _settle(cursor, reservation, _new_id(cursor))


def _settle(cursor: sqlite3.Cursor, reservation: int, decision: int) -> None:
    cursor.execute(
        "UPDATE reservations SET decision_id = ? WHERE id = ? AND decision_id IS NULL", (decision, reservation)
    )
    if cursor.rowcount != 1:
        raise StoreCorruptError(f"reservation {reservation} is not open and cannot be settled")


def _new_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None
    return cursor.lastrowid
