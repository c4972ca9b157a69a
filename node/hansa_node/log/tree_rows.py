"""A log's tree read from the store: entries, hashes, tiles and bundles."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from cachetools import LRUCache

from hansa_core.errors import StoreCorruptError
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.tiles import TILE_HEIGHT, Tile, TileHashes, encode_bundle

OWN_LOG = 0
_REMEMBERED_TILES = 256  # 2 MiB of hashes
Rows = Callable[[str, tuple[object, ...]], list[tuple[Any, ...]]]
"""Runs a statement with its parameters and fetches what it finds."""


class TreeRows:
    """One log of the store. Any thread may ask if any may call `rows`. Tiles that are full never change."""

    def __init__(self, rows: Rows, log: int) -> None:
        self._rows = rows
        self._log = log
        self._full: LRUCache[Tile, bytes] = LRUCache(_REMEMBERED_TILES)
        self._lock = Lock()

    def size(self) -> int:
        """How many entries there are."""
        ((last,),) = self._rows("SELECT max(idx) FROM log_entries WHERE log = ?", (self._log,))
        return 0 if last is None else int(last) + 1

    def entries(self, start: int, end: int) -> list[bytes]:
        """The leaves from `start` up to, not including, `end`. Raises StoreCorruptError where one is missing."""
        statement = "SELECT leaf FROM log_entries WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx"
        return _complete([leaf for (leaf,) in self._rows(statement, (self._log, start, end))], end - start)

    def bundle(self, tile: Tile) -> bytes:
        """The entries of a level 0 tile."""
        return encode_bundle(self.entries(tile.start, tile.start + tile.width))

    def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile that the tree has."""
        with self._lock:
            known = self._full.get(tile)
        if known is not None:
            return known
        content = b"".join(self._hashes(tile))
        if tile.is_full:
            with self._lock:
                self._full[tile] = content
        return content

    def hashes(self, size: int) -> TileHashes:
        """The complete subtrees of the first `size` entries."""
        return TileHashes(size, self.tile)

    def _hashes(self, tile: Tile) -> list[bytes]:
        start, end = tile.start, tile.start + tile.width
        if tile.level == 0:
            return [leaf_hash(leaf) for leaf in self.entries(start, end)]
        statement = "SELECT hash FROM log_hashes WHERE log = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        found = self._rows(statement, (self._log, tile.level, start, end))
        return _complete([value for (value,) in found], tile.width)


def hashes_to_keep(made: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Of the subtrees that new leaves completed, the rows of `log_hashes`: level, index, hash."""
    return [(level // TILE_HEIGHT, index, value) for level, index, value in made if level and not level % TILE_HEIGHT]


def _complete(found: list[bytes], wanted: int) -> list[bytes]:
    if len(found) != wanted:
        raise StoreCorruptError("the store misses entries or hashes of a log; stop, and restore it with care")
    return found
