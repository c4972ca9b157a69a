"""Store migrations: numbered steps forward, each in one transaction, with a backup of the file before each."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_node.store.checksum import row_checksum
from hansa_node.store.errors import is_disk_trouble

SCHEMA_VERSION = 5


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to SCHEMA_VERSION. A new file gets its schema; an older one is backed up before each step.

    Raises ConfigError where a newer Hansa made the store, StoreCorruptError where a step fails: then the store is as
    it was before that step.
    """
    version = _version_of(connection)
    if version > SCHEMA_VERSION:
        raise ConfigError(f"{path}: a newer Hansa made this store (version {version}); run that one or a newer one")
    connection.create_function("row_checksum", -1, row_checksum, deterministic=True)
    for step in range(version, SCHEMA_VERSION):
        backup = _back_up(connection, path, step) if version else None
        try:
            _run(connection, step + 1)
        except sqlite3.Error as failure:
            if is_disk_trouble(failure):
                raise
            raise StoreCorruptError(
                f"{path}: cannot be taken over from version {step} to {step + 1} ({failure.sqlite_errorname}); the"
                f" store is as it was, and a copy lies at {backup}; run the earlier Hansa until this is mended"
            ) from None


def _version_of(connection: sqlite3.Connection) -> int:
    ((version,),) = connection.execute("PRAGMA user_version")
    return int(version)


def _run(connection: sqlite3.Connection, step: int) -> None:
    """One step, and the number of it, in one transaction: a crash within leaves the store at the version before."""
    statements = _step_sql(step)
    connection.execute("PRAGMA foreign_keys = OFF")  # tables are made anew under their old names
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {statements}; PRAGMA user_version = {step}; COMMIT;")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA foreign_keys = ON")


def _step_sql(step: int) -> str:
    return files("hansa_node.store.migrations").joinpath(f"{step:04}.sql").read_text(encoding="utf-8")


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A consistent copy of the store beside it, durable before the step begins; it is kept.

    Raises StoreUnavailableError, by way of `sorted_errors`, where the disk has no room for it.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    backup = path.with_name(f"{path.name}.version-{version}.{stamp}")
    os.close(os.open(backup, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        with closing(sqlite3.connect(backup)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, to be put back by itself
    except BaseException:
        backup.unlink()  # half a copy passes for a whole one, and takes the room that is lacking
        raise
    for place in (backup, backup.parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return backup
