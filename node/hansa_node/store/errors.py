"""Errors of the store: SQLite's own, sorted by who has to act."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_core.errors import HansaError, StoreCorruptError

_DISK_TROUBLE = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_CORRUPTION = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT})


class StoreUnavailableError(HansaError):
    """The operator has to act: the disk is full or cannot be written. Nothing was half done."""


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
    except sqlite3.Error as failure:
        if is_disk_trouble(failure):
            raise StoreUnavailableError(
                f"{path}: the disk is full or cannot be written; nothing was half done: free space, then ask again"
            ) from None
        if _primary_code(failure) in _CORRUPTION:
            raise StoreCorruptError(f"{path}: the store contradicts itself; stop, and restore it with care") from None
        raise
