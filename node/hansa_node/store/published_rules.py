"""Published rules in the store: each document that the log names, by its hash, and what opens its secret fields."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from hansa_core.evidence.opening import Opening, decode_opening, encode_opening
from hansa_core.policy.published_rules import rules_hash
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader


def add_rules(cursor: sqlite3.Cursor, document: bytes, opening: Opening | None) -> None:
    """Keep a document; one that is there already stays. `opening`: of its commitments; None where it has none."""
    fields = (rules_hash(document), document, b"" if opening is None else encode_opening(opening))
    cursor.execute(
        "INSERT OR IGNORE INTO published_rules (hash, document, opening, sha256) VALUES (?, ?, ?, ?)",
        (*fields, row_checksum(*fields)),
    )


def find_rules(reader: Reader, hash_: str) -> bytes | None:
    """The document of that hash (lower-case hex); None where the log never named it. Raises StoreCorruptError."""
    found = reader.one("SELECT sha256, hash, document, opening FROM published_rules WHERE hash = ?", (hash_,))
    if found is None:
        return None
    check_row(*found, what=f"the published rules {hash_[:16]}…")
    return bytes(found[2])


def openings_of_rules(reader: Reader) -> Iterator[tuple[str, Opening]]:
    """The hash of each document that has secret fields, and what opens them. Raises StoreCorruptError."""
    for row in reader.rows("SELECT sha256, hash, document, opening FROM published_rules WHERE opening <> x''"):
        check_row(*row, what=f"the published rules {row[1][:16]}…")
        yield row[1], decode_opening(row[3])
