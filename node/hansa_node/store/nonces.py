"""Nonces: which query a key has used a nonce for."""

from __future__ import annotations

import sqlite3

from hansa_core.errors import StoreCorruptError
from hansa_node.store.file import Reader


def nonce_owner(reader: Reader, key_id: str, nonce: bytes) -> bytes | None:
    """The hash of the query that this key used the nonce for."""
    row = reader.one("SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (key_id, nonce))
    return None if row is None else row[0]


def claim_nonce(cursor: sqlite3.Cursor, key_id: str, nonce: bytes, query_hash: bytes) -> None:
    """Tie the nonce to the query. Raises StoreCorruptError if another query of this key holds it."""
    cursor.execute(
        "INSERT INTO nonces (key_id, nonce, query_hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (key_id, nonce, query_hash),
    )
    if cursor.rowcount == 1:
        return
    row = cursor.execute("SELECT query_hash FROM nonces WHERE key_id = ? AND nonce = ?", (key_id, nonce)).fetchone()
    if bytes(row[0]) != query_hash:
        raise StoreCorruptError("two queries hold one nonce: the check for replays was passed by")
