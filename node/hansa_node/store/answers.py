"""Stored answers: the signed answer that each query got, as it was sent."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signature
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """The answer to the query of `key_id`. `index`: of its log entry. `after_expiry`: the query had expired."""

    index: int
    query_hash: bytes
    key_id: str
    after_expiry: bool
    envelope: Envelope


def add_answer(cursor: sqlite3.Cursor, answer: StoredAnswer) -> None:
    """Add the answer to a query that had none."""
    (signature,) = answer.envelope.signatures
    fields = (
        answer.index,
        answer.query_hash,
        answer.key_id,
        int(answer.after_expiry),
        answer.envelope.payload,
        signature.keyid,
        signature.sig,
    )
    cursor.execute(
        "INSERT INTO answers (idx, query_hash, key_id, after_expiry, payload, signature_key_id, signature, sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*fields, row_checksum(*fields)),
    )


def find_answer(reader: Reader, query_hash: bytes, key_id: str, *, after_expiry: bool) -> StoredAnswer | None:
    """The answer that this key's query got. Raises StoreCorruptError where it is not what was sent."""
    row = reader.one(
        "SELECT sha256, idx, query_hash, key_id, after_expiry, payload, signature_key_id, signature FROM answers"
        " WHERE query_hash = ? AND key_id = ? AND after_expiry = ?",
        (query_hash, key_id, int(after_expiry)),
    )
    if row is None:
        return None
    check_row(*row, what="a stored answer")
    _, index, _, _, _, payload, signature_key_id, signature = row
    envelope = Envelope(payload_types.ANSWER, payload, (Signature(signature_key_id, signature),))
    return StoredAnswer(index=index, query_hash=query_hash, key_id=key_id, after_expiry=after_expiry, envelope=envelope)
