"""A log's tree read from the store: entries, hashes, tiles and bundles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, TypeVar

from cachetools import LRUCache

from hansa_core.errors import StoreCorruptError
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.spelling import HASH_BYTES
from hansa_core.tlog.tiles import TILE_HEIGHT, Tile, TileHashes, encode_bundle
from hansa_node.store.checksum import check_row, row_checksum

_FoundT = TypeVar("_FoundT")
OWN_LOG = 0
_REMEMBERED_TILES = 256  # 2 MiB of hashes
Rows = Callable[[str, tuple[object, ...]], list[tuple[Any, ...]]]
"""Runs a statement with its parameters and fetches what it finds."""


class TreeRows:
    """One log of the store. Any thread may ask if any may call `rows`. Tiles never change, they only grow."""

    def __init__(self, rows: Rows, log: int) -> None:
        self._rows = rows
        self._log = log
        self._known: LRUCache[tuple[int, int], bytes] = LRUCache(_REMEMBERED_TILES)
        self._lock = Lock()

    def size(self) -> int:
        """How many entries there are."""
        ((last,),) = self._rows("SELECT max(idx) FROM log_entries WHERE log = ?", (self._log,))
        return 0 if last is None else int(last) + 1

    def entries(self, start: int, end: int) -> list[bytes]:
        """The leaves from `start` up to, not including, `end`. Raises StoreCorruptError where one is missing."""
        return [leaf for _, leaf in self._entry_rows(start, end)]

    def time_unix_s(self, index: int) -> int:
        """When the entry was received; 0 for one of another log. Raises StoreCorruptError where it is missing."""
        ((time_unix_s, _),) = self._entry_rows(index, index + 1)
        return time_unix_s

    def bundle(self, tile: Tile) -> bytes:
        """The entries of a level 0 tile."""
        return encode_bundle(self.entries(tile.start, tile.start + tile.width))

    def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile that the tree has; only those are read that no narrower one has shown."""
        place = tile.level, tile.index
        with self._lock:
            known = self._known.get(place, b"")
        shown = len(known) // HASH_BYTES
        if shown >= tile.width:
            return known[: tile.width * HASH_BYTES]
        content = known + b"".join(self._hashes(tile.level, tile.start + shown, tile.start + tile.width))
        with self._lock:
            self._known[place] = content
        return content

    def hashes(self, size: int) -> TileHashes:
        """The complete subtrees of the first `size` entries."""
        return TileHashes(size, self.tile)

    def _entry_rows(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """Time and leaf of each entry, as they were written. Raises StoreCorruptError."""
        statement = (
            "SELECT sha256, log, idx, time_unix_s, leaf FROM log_entries"
            " WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx"
        )
        found = _complete(self._rows(statement, (self._log, start, end)), end - start)
        for row in found:
            check_row(*row, what=f"entry {row[2]} of a log")
        return [(time_unix_s, leaf) for _, _, _, time_unix_s, leaf in found]

    def _hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """Of that level of tiles, from number `start` up to, not including, `end`."""
        if level == 0:
            return [leaf_hash(leaf) for leaf in self.entries(start, end)]
        statement = (
            "SELECT sha256, log, level, idx, hash FROM log_hashes"
            " WHERE log = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        )
        found = _complete(self._rows(statement, (self._log, level, start, end)), end - start)
        for row in found:
            check_row(*row, what=f"hash {row[3]} of level {row[2]} of a log")
        return [row[4] for row in found]


def add_hash_rows(cursor: sqlite3.Cursor, log: int, made: list[tuple[int, int, bytes]]) -> None:
    """Write what has to be kept of the subtrees that new leaves completed."""
    rows = [(log, *each) for each in hashes_to_keep(made)]
    cursor.executemany(
        "INSERT INTO log_hashes (log, level, idx, hash, sha256) VALUES (?, ?, ?, ?, ?)",
        [(*row, row_checksum(*row)) for row in rows],
    )


def hashes_to_keep(made: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Of the subtrees that new leaves completed, the rows of `log_hashes`: level, index, hash."""
    return [(level // TILE_HEIGHT, index, value) for level, index, value in made if level and not level % TILE_HEIGHT]


def add_entry_rows(cursor: sqlite3.Cursor, log: int, start: int, entries: Iterable[tuple[int, bytes]]) -> None:
    """Write entries from `start` on, each as its time in Unix seconds and its leaf."""
    rows = [(log, index, *entry) for index, entry in enumerate(entries, start=start)]
    cursor.executemany(
        "INSERT INTO log_entries (log, idx, time_unix_s, leaf, sha256) VALUES (?, ?, ?, ?, ?)",
        [(*row, row_checksum(*row)) for row in rows],
    )


def _complete(found: list[_FoundT], wanted: int) -> list[_FoundT]:
    if len(found) != wanted:
        raise StoreCorruptError("the store misses entries or hashes of a log; stop, and restore it with care")
    return found
