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

from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Envelope, Signature
from hansa_node.records import Asked, Commitment, ReleaseKey, Reservation
from hansa_node.store_file import connect, lock, sorted_errors
from hansa_node.store_rows import (
    abort_if_open,
    add_answer,
    add_decision,
    add_release,
    add_reservation,
    claim,
    settle,
)


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
            claim(cursor, asked, nonce)
            return add_reservation(cursor, asked, cost_microrho, now)

    def abort(self, reservation: Reservation, *, now: datetime) -> None:
        """Record that a reservation ends without an answer; its charge stays.

        Nothing happens if it was settled: a commit may report failure and yet have persisted.
        """
        with self._transaction() as cursor:
            abort_if_open(cursor, reservation.id, now)

    def abort_open_reservations(self, now: datetime) -> int:
        """Abort what a crash left open; returns how many there were."""
        with self._transaction() as cursor:
            rows = cursor.execute("SELECT id FROM reservations WHERE decision_id IS NULL ORDER BY id").fetchall()
            for (reservation,) in rows:
                abort_if_open(cursor, reservation, now)
            return len(rows)

    def commit(self, commitment: Commitment) -> None:
        """Make decision, nonce, release, debit and answer durable: all of them or none."""
        with self._transaction() as cursor:
            if commitment.nonce is not None and commitment.code != "replay":
                claim(cursor, commitment.asked, commitment.nonce)
            decision = add_decision(cursor, commitment)
            if commitment.reservation is not None:
                settle(cursor, commitment.reservation.id, decision)
            if commitment.release is not None:
                add_release(cursor, commitment.release)
            add_answer(cursor, commitment, decision)

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
