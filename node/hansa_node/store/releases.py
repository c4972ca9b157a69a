"""Stored releases: the protected partial that a question got, under everything that makes a release the same one."""

from __future__ import annotations

import sqlite3

from hansa_core.partial.answer import Release
from hansa_core.partial.release_key import NO_PARAMETERS, ReleaseKey
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader


def add_release(cursor: sqlite3.Cursor, release: Release, *, parameters: str = NO_PARAMETERS) -> None:
    """Add a release that is new: writing over one would be a second answer to one question."""
    fields = (
        release.plan_hash,
        release.level.value,
        parameters,
        release.data_version,
        release.protection_version,
        str(release.contract),
        release.partial_ipc,
    )
    cursor.execute(
        "INSERT INTO releases (plan_hash, level, parameters, data_version, protection_version, contract, partial_ipc,"
        " sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*fields, row_checksum(*fields)),
    )


def find_release(reader: Reader, key: ReleaseKey) -> bytes | None:
    """The Arrow bytes of the release under that key. Raises StoreCorruptError where they are not those released."""
    row = reader.one(
        "SELECT sha256, plan_hash, level, parameters, data_version, protection_version, contract, partial_ipc"
        " FROM releases WHERE plan_hash = ? AND level = ? AND parameters = ? AND data_version = ?"
        " AND protection_version = ?",
        (key.plan_hash, key.level.value, key.parameters, key.data_version, key.protection_version),
    )
    if row is None:
        return None
    check_row(*row, what="a release")
    partial_ipc: bytes = row[-1]
    return partial_ipc
