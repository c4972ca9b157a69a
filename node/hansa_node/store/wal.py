"""Write-ahead log of the store's file: written back and cut off before it can fill a disk by itself."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path

from hansa_node.store.errors import is_disk_trouble
from hansa_node.store.file import Reader

log = logging.getLogger(__name__)

MAX_WAL_BYTES = 8 * 2**20
"""Beyond it the log is written back and cut off, whatever else is going on. A transaction may be larger by itself."""
_BUSY_TIMEOUT_MS = 5000  # as sqlite3 has it by default


class Wal:
    """The log of the file at `path`. Its methods are the writer's: between two transactions.

    SQLite writes it back by itself after a thousand pages, and starts it anew where no reader stands in the way. Under
    load one always does, so `reader`, the process's other connection, is asked to wait.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, reader: Reader) -> None:
        self._file = path.with_name(path.name + "-wal")
        self._connection = connection
        self._reader = reader
        self._limit = MAX_WAL_BYTES

    def bound(self) -> None:
        """Cut the log off where it has grown too large. Another program that reads the store can prevent that, and is
        told of once each time that the log has doubled. Raises sqlite3.Error, but none about the disk: the next
        commit meets that too."""
        size = self._size()
        if size <= self._limit:
            return
        is_cut_off = False
        try:
            is_cut_off = self._cut_off()
        except sqlite3.Error as failure:
            if not is_disk_trouble(failure):
                raise
        if is_cut_off:
            self._limit = MAX_WAL_BYTES
        else:
            self._limit = 2 * size
            remedy = "end the program that reads the store, such as an open `sqlite3` shell or a backup job"
            log.warning("store's log held back", extra={"file": self._file, "bytes": size, "remedy": remedy})

    def give_back(self) -> None:
        """Leave what space there is to others, after the disk was full."""
        with suppress(sqlite3.Error):  # that the disk is full is told already
            self._cut_off()

    def _cut_off(self) -> bool:
        """Write everything back and leave an empty log; whether nobody stood in the way. Raises sqlite3.Error."""
        with self._reader.waiting():
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                is_busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        return not is_busy

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0
