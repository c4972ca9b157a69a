"""A query's rows in the store's tables. Each function writes within its caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from hansa_core.documents.canonical_json import canonical_json
from hansa_core.errors import StoreCorruptError
from hansa_core.evidence.entries import QueryAborted
from hansa_core.evidence.opening import decode_opening, encode_opening
from hansa_core.partial.answer import Release
from hansa_node.log.announcements import announce
from hansa_node.log.batch import Batch
from hansa_node.log.bodies import aborted, decided
from hansa_node.log.records import Commitment, QueryRecord, Reservation


def reserve(batch: Batch, asked: QueryRecord, nonce: bytes, *, cost_microrho: int, now: datetime) -> Reservation:
    """Claim the nonce and open a reservation, which can end as `query.aborted` with nothing but what it holds."""
    _claim(batch.cursor, asked, nonce)
    opening = batch.conceal(asked.concealed)
    body = canonical_json(aborted(asked, opening.digests).to_json())
    batch.cursor.execute(
        "INSERT INTO reservations (reserved_at, cost_microrho, body, opening) VALUES (?, ?, ?, ?)",
        (now.isoformat(), cost_microrho, body, encode_opening(opening)),
    )
    assert batch.cursor.lastrowid is not None
    return Reservation(id=batch.cursor.lastrowid, cost_microrho=cost_microrho)


def commit(batch: Batch, commitment: Commitment) -> int:
    """Write everything that one answer needs to be true; the index of its entry."""
    cursor, asked = batch.cursor, commitment.asked
    if commitment.nonce is not None and commitment.code != "replay":
        _claim(cursor, asked, commitment.nonce)
    announce(batch, commitment.announcements, anew=False, now=commitment.decided_at)
    is_new = commitment.code is None and not commitment.recalled
    causes = {"causes": dict(commitment.causes)} if is_new else {}
    opening = batch.conceal(asked.concealed | causes)
    index = batch.append(decided(commitment, opening.digests), opening, now=commitment.decided_at)
    if commitment.reservation is not None:
        _settle(cursor, commitment.reservation.id)
    if commitment.release is not None:
        _add_release(cursor, commitment.release)
    _add_answer(cursor, commitment, index)
    return index


def abort_if_open(batch: Batch, reservation: int, *, now: datetime) -> None:
    """End the reservation as an aborted query, unless it has ended; its charge stays."""
    found = batch.cursor.execute("SELECT body, opening FROM reservations WHERE id = ?", (reservation,)).fetchone()
    if found is None:
        return
    _settle(batch.cursor, reservation)
    batch.append(QueryAborted.from_json(json.loads(found[0])), decode_opening(found[1]), now=now)


def abort_open(batch: Batch, *, now: datetime) -> int:
    """End each open reservation as an aborted query; how many there were."""
    found = batch.cursor.execute("SELECT id FROM reservations ORDER BY id").fetchall()
    for (reservation,) in found:
        abort_if_open(batch, reservation, now=now)
    return len(found)


def _claim(cursor: sqlite3.Cursor, asked: QueryRecord, nonce: bytes) -> None:
    """Tie the nonce to the query. Raises StoreCorruptError if another query of this key holds it."""
    cursor.execute(
        "INSERT INTO nonces (key_id, nonce, query_hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (asked.key_id, nonce, asked.query_hash),
    )
    if cursor.rowcount == 1:
        return
    owner = cursor.execute(
        "SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (asked.key_id, nonce)
    ).fetchone()
    if bytes(owner[0]) != asked.query_hash:
        raise StoreCorruptError("two queries hold one nonce: the check for replays was passed by")


def _settle(cursor: sqlite3.Cursor, reservation: int) -> None:
    """End the reservation. Raises StoreCorruptError if it has ended."""
    cursor.execute("DELETE FROM reservations WHERE id = ?", (reservation,))
    if cursor.rowcount != 1:
        raise StoreCorruptError(f"reservation {reservation} is not open and cannot be settled")


def _add_release(cursor: sqlite3.Cursor, release: Release) -> None:
    """A release that is new: writing over one would be a second answer to one question."""
    cursor.execute(
        "INSERT INTO releases (plan_hash, level, data_version, protection_version, contract, partial_ipc)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            release.plan_hash,
            release.level.value,
            release.data_version,
            release.protection_version,
            str(release.contract),
            release.partial_ipc,
        ),
    )


def _add_answer(cursor: sqlite3.Cursor, commitment: Commitment, index: int) -> None:
    """The signed answer, as it will be sent."""
    asked, answer = commitment.asked, commitment.answer
    (signature,) = answer.signatures
    cursor.execute(
        "INSERT INTO answers (idx, query_hash, key_id, after_expiry, payload, signature_key_id, signature)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            index,
            asked.query_hash,
            asked.key_id,
            int(commitment.after_expiry),
            answer.payload,
            signature.keyid,
            signature.sig,
        ),
    )
