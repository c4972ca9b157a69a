"""Reservations: permitted queries whose charges are taken, and which have not ended."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from hansa_core.errors import StoreCorruptError
from hansa_node.store.checksum import check_row, row_checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A permitted query that was charged before the engine ran, and has not ended."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortedAs:
    """The log entry that a reservation ends with if its query gets no answer, and the entry's opening, encoded."""

    body: bytes
    opening: bytes


def add_reservation(cursor: sqlite3.Cursor, aborted_as: AbortedAs, *, now: datetime) -> Reservation:
    """Open a reservation."""
    fields = (now.isoformat(), aborted_as.body, aborted_as.opening)
    cursor.execute(
        "INSERT INTO reservations (reserved_at, body, opening, sha256) VALUES (?, ?, ?, ?)",
        (*fields, row_checksum(*fields)),
    )
    assert cursor.lastrowid is not None
    return Reservation(id=cursor.lastrowid)


def open_reservations(cursor: sqlite3.Cursor) -> list[Reservation]:
    """Those that have not ended, in the order in which they were made."""
    return [Reservation(id=found) for (found,) in cursor.execute("SELECT id FROM reservations ORDER BY id").fetchall()]


def aborted_as(cursor: sqlite3.Cursor, reservation: Reservation) -> AbortedAs | None:
    """How the reservation ends without an answer; None where it has ended. Raises StoreCorruptError."""
    row = cursor.execute(
        "SELECT sha256, reserved_at, body, opening FROM reservations WHERE id = ?", (reservation.id,)
    ).fetchone()
    if row is None:
        return None
    check_row(*row, what=f"reservation {reservation.id}")
    return AbortedAs(body=row[2], opening=row[3])


def end_reservation(cursor: sqlite3.Cursor, reservation: Reservation) -> None:
    """End the reservation; its charges stay. Raises StoreCorruptError if it has ended."""
    cursor.execute("DELETE FROM reservations WHERE id = ?", (reservation.id,))
    if cursor.rowcount != 1:
        raise StoreCorruptError(f"reservation {reservation.id} is not open and cannot be settled")


def end_reservation_of(cursor: sqlite3.Cursor, query_hash: str) -> None:
    """End the reservation of a query whose end stands in the log, if there is one. `query_hash`: lower-case hex."""
    cursor.execute("DELETE FROM reservations WHERE CAST(body AS TEXT) ->> 'query_hash' = ?", (query_hash,))
