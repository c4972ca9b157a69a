"""A mirror's row in the store: up to where entries of a log lie here, and the checkpoints over them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Self

from hansa_node.store.checksum import check_row, row_checksum

MIRROR = "SELECT sha256, log, origin, size, note, cosigned_size, cosigned_note FROM mirrors WHERE origin = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRow:
    """The mirror of the log `origin`, whose rows are those of `log`. `note`: the signed checkpoint of `size`.

    `cosigned_size`, `cosigned_note`: of the newest one that a quorum cosigned; None before the first.
    """

    log: int
    origin: str
    size: int
    note: bytes
    cosigned_size: int | None = None
    cosigned_note: bytes | None = None

    @classmethod
    def checked(cls, row: tuple[Any, ...] | None) -> Self | None:
        """What `MIRROR` found. Raises StoreCorruptError."""
        if row is None:
            return None
        check_row(*row, what=f"the mirror of {row[2]}")
        _, log, origin, size, note, cosigned_size, cosigned_note = row
        return cls(
            log=log, origin=origin, size=size, note=note, cosigned_size=cosigned_size, cosigned_note=cosigned_note
        )

    def grown(self, size: int, note: bytes, *, is_cosigned: bool) -> Self:
        """The row once entries up to `size` lie here. `is_cosigned`: whether a quorum cosigned the note."""
        row = replace(self, size=size, note=note)
        return replace(row, cosigned_size=size, cosigned_note=note) if is_cosigned else row

    def write(self, cursor: sqlite3.Cursor) -> None:
        """Put it in the place of the mirror's row so far."""
        row = (self.log, self.origin, self.size, self.note, self.cosigned_size, self.cosigned_note)
        cursor.execute(
            "INSERT OR REPLACE INTO mirrors (log, origin, size, note, cosigned_size, cosigned_note, sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, row_checksum(*row)),
        )


def mirror_of(cursor: sqlite3.Cursor, origin: str) -> MirrorRow:
    """The mirror's row, which is made where there is none. Raises StoreCorruptError."""
    found = MirrorRow.checked(cursor.execute(MIRROR, (origin,)).fetchone())
    if found is not None:
        return found
    ((last,),) = cursor.execute("SELECT coalesce(max(log), 0) FROM mirrors").fetchall()
    made = MirrorRow(log=last + 1, origin=origin, size=0, note=b"")
    made.write(cursor)
    return made
