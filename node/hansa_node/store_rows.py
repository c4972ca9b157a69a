"""How does a record lie in the store's tables? Each function writes within its caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from hansa_core.errors import StoreCorruptError
from hansa_core.query.answer import Release
from hansa_node.records import Asked, Commitment, Decision, Reservation

_ABORTED = """
INSERT INTO decisions (decided_at, query_hash, key_id, subject, organisation, purpose, dataset, level, data_version,
    policy_id, policy_version, roster_version, software_version, decision, cost_microrho)
SELECT :decided_at, query_hash, key_id, subject, organisation, purpose, dataset, level, data_version,
    policy_id, policy_version, roster_version, software_version, :decision, cost_microrho
FROM reservations WHERE id = :reservation AND decision_id IS NULL
"""


def claim(cursor: sqlite3.Cursor, asked: Asked, nonce: bytes) -> None:
    """Tie the nonce to the query. Raises StoreCorruptError if another query of this key holds it."""
    cursor.execute(
        "INSERT INTO nonces (key_id, nonce, query_hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (asked.key_id, nonce, asked.query_hash),
    )
    owner = cursor.execute(
        "SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (asked.key_id, nonce)
    ).fetchone()
    if bytes(owner[0]) != asked.query_hash:
        raise StoreCorruptError("two queries hold one nonce: the check for replays was passed by")


def add_reservation(cursor: sqlite3.Cursor, asked: Asked, cost_microrho: int, now: datetime) -> Reservation:
    """An open reservation."""
    row = _asked(asked) | {"reserved_at": now.isoformat(), "cost_microrho": cost_microrho}
    return Reservation(id=_insert(cursor, "reservations", row), cost_microrho=cost_microrho)


def abort_if_open(cursor: sqlite3.Cursor, reservation: int, now: datetime) -> None:
    """End the reservation as an aborted decision, unless it has ended; its charge stays."""
    parameters = {"decided_at": now.isoformat(), "decision": Decision.ABORTED.value, "reservation": reservation}
    cursor.execute(_ABORTED, parameters)
    if cursor.rowcount == 1:
        settle(cursor, reservation, _last_id(cursor))


def settle(cursor: sqlite3.Cursor, reservation: int, decision: int) -> None:
    """End the reservation with its decision. Raises StoreCorruptError if it has ended."""
    cursor.execute(
        "UPDATE reservations SET decision_id = ? WHERE id = ? AND decision_id IS NULL", (decision, reservation)
    )
    if cursor.rowcount != 1:
        raise StoreCorruptError(f"reservation {reservation} is not open and cannot be settled")


def add_decision(cursor: sqlite3.Cursor, commitment: Commitment) -> int:
    """The decision's row; its id."""
    row = _asked(commitment.asked) | {
        "decided_at": commitment.decided_at.isoformat(),
        "decision": commitment.decision.value,
        "code": commitment.code,
        "recalled": int(commitment.recalled),
        "cost_microrho": 0 if commitment.reservation is None else commitment.reservation.cost_microrho,
        "result_hash": commitment.result_hash,
    }
    return _insert(cursor, "decisions", row)


def add_release(cursor: sqlite3.Cursor, release: Release) -> None:
    """A release that is new: writing over one would be a second answer to one question."""
    row = {
        "plan_hash": release.plan_hash,
        "level": release.level.value,
        "data_version": release.data_version,
        "protection_version": release.protection_version,
        "contract": str(release.contract),
        "partial_ipc": release.partial_ipc,
    }
    _insert(cursor, "releases", row)


def add_answer(cursor: sqlite3.Cursor, commitment: Commitment, decision: int) -> None:
    """The signed answer, as it will be sent."""
    (signature,) = commitment.answer.signatures
    row = {
        "query_hash": commitment.asked.query_hash,
        "key_id": commitment.asked.key_id,
        "after_expiry": int(commitment.after_expiry),
        "payload": commitment.answer.payload,
        "signature_key_id": signature.keyid,
        "signature": signature.sig,
        "decision_id": decision,
    }
    _insert(cursor, "answers", row)


def _asked(asked: Asked) -> dict[str, object]:
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


def _insert(cursor: sqlite3.Cursor, table: str, row: Mapping[str, object]) -> int:
    """One row, by column; its id. The names are this module's own, the values are bound."""
    names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row)  # noqa: S608
    return _last_id(cursor)


def _last_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None
    return cursor.lastrowid
