"""Errors of the store: SQLite's own, sorted by who has to act."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_core.errors import HansaError, StoreCorruptError

_DISK_TROUBLE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_CORRUPTION = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT})
RESTORE = "stop, check the disk, and restore the store with `hansa node recover`"
"""What the operator does about a store that is damaged."""


class StoreUnavailableError(HansaError):
    """The operator has to act: the disk is full or cannot be written, or the store is locked. Nothing was half done."""


def is_disk_trouble(failure: sqlite3.Error) -> bool:
    """Whether the disk failed, rather than what is stored."""
    return _primary_code(failure) in _DISK_TROUBLE


def _primary_code(failure: sqlite3.Error) -> int:
    return getattr(failure, "sqlite_errorcode", 0) & 0xFF  # the low byte: the rest says more about it


@contextmanager
def sorted_errors(path: Path) -> Iterator[None]:
    """SQLite's errors by who has to act. Their own texts may quote what is stored, so none is passed on."""
    try:
        yield
    except UnicodeDecodeError:  # a name in a damaged schema, or a text of a row
        raise StoreCorruptError(f"{path}: the store contradicts itself; {RESTORE}") from None
    except sqlite3.Error as failure:
        if is_disk_trouble(failure):
            raise StoreUnavailableError(
                f"{path}: the disk is full or cannot be written; nothing was half done: free space, then ask again"
            ) from None
        if _primary_code(failure) in _BUSY:
            raise StoreUnavailableError(
                f"{path}: another program holds the store locked; nothing was half done: end it, such as an open"
                " `sqlite3` shell or a backup job, then ask again"
            ) from None
        if _primary_code(failure) in _CORRUPTION:
            raise StoreCorruptError(f"{path}: the store contradicts itself; {RESTORE}") from None
        raise
