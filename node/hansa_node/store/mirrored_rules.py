"""Mirrored rules in the store: the documents that entries of other cities' logs name, by log and hash."""

from __future__ import annotations

import sqlite3

from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader


def add_mirrored_rules(cursor: sqlite3.Cursor, log: int, hash_: str, document: bytes) -> None:
    """Keep a document of the mirrored log `log`; one that is there already stays."""
    row = (log, hash_, document)
    cursor.execute(
        "INSERT OR IGNORE INTO mirrored_rules (log, hash, document, sha256) VALUES (?, ?, ?, ?)",
        (*row, row_checksum(*row)),
    )


def count_mirrored_rules(cursor: sqlite3.Cursor, log: int) -> int:
    """How many documents of the mirrored log lie here."""
    ((number,),) = cursor.execute("SELECT count(*) FROM mirrored_rules WHERE log = ?", (log,)).fetchall()
    return int(number)


def find_mirrored_rules(reader: Reader, log: int, hash_: str) -> bytes | None:
    """The document of that hash (lower-case hex); None where it does not lie here. Raises StoreCorruptError."""
    found = reader.one(
        "SELECT sha256, log, hash, document FROM mirrored_rules WHERE log = ? AND hash = ?", (log, hash_)
    )
    if found is None:
        return None
    check_row(*found, what=f"the mirrored rules {hash_[:16]}…")
    return bytes(found[3])
