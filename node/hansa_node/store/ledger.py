"""The ledger: charges that were taken, and what each ledger has spent in all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader

_LAST = "SELECT sha256, ledger, number, cost, spent FROM charges WHERE ledger = ? ORDER BY number DESC LIMIT 1"


def spent_in(rows: sqlite3.Cursor | Reader, ledgers: Iterable[str]) -> Mapping[str, int]:
    """What each ledger has spent, in its own integer units; 0 where nothing was charged to it.

    Read by the writer's cursor, it holds until the transaction ends: nobody else charges meanwhile. Raises
    StoreCorruptError where a charge is not what was written.
    """
    return {ledger: _last(rows, ledger)[1] for ledger in ledgers}


def add_charge(cursor: sqlite3.Cursor, ledger: str, cost: int) -> int:
    """Charge the ledger, and never give it back; what it has spent now. `cost`: at least 0."""
    number, before = _last(cursor, ledger)
    fields = (ledger, number + 1, cost, before + cost)
    cursor.execute(
        "INSERT INTO charges (ledger, number, cost, spent, sha256) VALUES (?, ?, ?, ?, ?)",
        (*fields, row_checksum(*fields)),
    )
    return before + cost


def _last(rows: sqlite3.Cursor | Reader, ledger: str) -> tuple[int, int]:
    """Number of the ledger's last charge (-1 before the first), and all that it has spent."""
    values = (ledger,)
    row = rows.one(_LAST, values) if isinstance(rows, Reader) else rows.execute(_LAST, values).fetchone()
    if row is None:
        return -1, 0
    check_row(*row, what=f"the last charge of the ledger {ledger}")
    return int(row[2]), int(row[4])
