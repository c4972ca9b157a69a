"""The store's SQLite file: locked, opened for its writer, and read."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_node.store.errors import RESTORE, sorted_errors
from hansa_node.store.migrate import migrate

_WAL_PAGES = 1000
_KEPT_WAL_BYTES = 5 * 2**20  # so many pages of 4 KiB, and the transaction that passed them


def lock(path: Path) -> int:
    """Hold `<store>.lock` for as long as the process lives: the kernel lets go of it even after kill -9."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock_file = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as failure:
        raise ConfigError(f"{path}: the store cannot be made here ({failure.strerror}); see to its folder") from None
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        os.close(lock_file)
        if not isinstance(failure, BlockingIOError):
            raise ConfigError(
                f"{path}: the store cannot be locked here ({failure.strerror}); put it on a disk of this machine"
            ) from None
        raise ConfigError(
            f"{path}: another process has this store open; one node has one store: stop the other node, or set `store`"
        ) from None
    return lock_file


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, or make it with mode 0600; bring it to the schema of this version. Raises as `migrate` does."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite gives its -wal the same mode
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path}: others than its owner can read the store; run `chmod 600 {path}`")
    with sorted_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


class Reader:
    """A second connection, which sees what is committed and nothing else. Any thread may ask."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with sorted_errors(path):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._connection.execute("PRAGMA query_only = ON")
            except BaseException:
                self._connection.close()
                raise

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows that the statement finds."""
        with self._lock, sorted_errors(self._path):
            return self._connection.execute(statement, parameters).fetchall()

    def one(self, statement: str, parameters: tuple[object, ...] = ()) -> tuple[Any, ...] | None:
        """The first row, if there is any."""
        found = self.rows(statement, parameters)
        return found[0] if found else None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing is read during the body."""
        with self._lock:
            yield

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16384")  # KiB: hashes come in no order, so inserts touch many pages
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")  # see `store/wal.py`
    # What a log was once does not stay on the disk; an ordinary one does: cut off, each commit would extend it anew.
    connection.execute(f"PRAGMA journal_size_limit = {_KEPT_WAL_BYTES}")
    _check(connection, path)
    connection.execute("PRAGMA shrink_memory")  # the check has read every page, and would leave its cache full
    migrate(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own look over every page of the file: what rows say is held to their checksums when they are used."""
    if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise StoreCorruptError(f"{path}: SQLite's quick_check finds the store damaged; {RESTORE}")
