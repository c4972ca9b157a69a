"""The root and the tiles that follow from the leaf hashes alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Protocol

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import EMPTY_ROOT, root_of_leaves
from hansa_core.tlog.spelling import HASH_BYTES
from hansa_core.tlog.tiles import TILE_WIDTH, Tile


def split_hashes(content: bytes, tile: Tile) -> list[bytes]:
    """The hashes in a tile's content. Raises PeerError unless there are exactly as many as the tile is wide."""
    if len(content) != tile.width * HASH_BYTES:
        raise PeerError(f"{tile.path}: has {len(content)} bytes; {tile.width} hashes have {tile.width * HASH_BYTES}")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


class TileTaker(Protocol):
    """Is handed each tile as soon as it is known."""

    def __call__(self, tile: Tile, hashes: Sequence[bytes], /) -> None:
        """`hashes`: those of the tile, in order."""


class RebuiltTree:
    """Grows by the leaf hashes of one tile at a time. `wanted`: sizes at which the root is asked for later."""

    def __init__(self, take: TileTaker, wanted: Collection[int] = ()) -> None:
        self._take = take
        self._wanted = sorted(set(wanted))
        self._rows: list[list[bytes]] = [[]]
        self._full: list[int] = [0]
        self._roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self.size = 0

    def extend(self, leaves: Sequence[bytes]) -> None:
        """The leaf hashes of the next tile: as many as a tile has, or fewer, and then it was the last one."""
        assert not self._rows[0]
        assert len(leaves) <= TILE_WIDTH
        end = self.size + len(leaves)
        for size in self._wanted[bisect_right(self._wanted, self.size) : bisect_right(self._wanted, end)]:
            self._rows[0] = list(leaves[: size - self.size])
            self._roots[size] = self._root()
        self._rows[0] = []
        self._push(0, leaves)
        self.size = end

    def finish(self) -> bytes:
        """The root; the tiles that are not full have been handed over."""
        for level, row in enumerate(self._rows):
            if row:
                self._take(Tile(level, self._full[level], len(row)), row)
        return self._root()

    def root_at(self, size: int) -> bytes | None:
        """The root of the first `size` leaves; None where it was not wanted, or the tree has not so many."""
        return self._roots.get(size)

    def _push(self, level: int, hashes: Sequence[bytes]) -> None:
        if level == len(self._rows):
            self._rows.append([])
            self._full.append(0)
        row = self._rows[level]
        row.extend(hashes)
        if len(row) == TILE_WIDTH:
            self._take(Tile(level, self._full[level]), row)
            above = root_of_leaves(row)
            self._full[level] += 1
            self._rows[level] = []
            self._push(level + 1, (above,))

    def _root(self) -> bytes:
        right: list[bytes] = []  # RFC 6962: what is not complete is the right child of all that is
        for row in self._rows:
            if row or right:
                right = [root_of_leaves([*row, *right])]
        return right[0] if right else EMPTY_ROOT
