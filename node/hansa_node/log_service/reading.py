"""Checkpoint, hash tiles and entry bundles of one log, by their C2SP paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.tiles import TILE_HEIGHT, Tile
from hansa_node.log.tree_rows import TreeRows


@dataclass(frozen=True, slots=True)
class ReadableLog:
    """A log that lies here, the city's own or a mirrored one. `newest`: size and signed checkpoint of what is shown."""

    tree: TreeRows
    newest: Callable[[], tuple[int, bytes] | None]

    def checkpoint(self) -> bytes | None:
        """The signed checkpoint; None before the first."""
        found = self.newest()
        return None if found is None else found[1]

    def tile(self, path: str) -> bytes | None:
        """The hashes, or for a path below `tile/entries/` the entries, of a tile; None where the tree has no such."""
        is_bundle = path.startswith("tile/entries/")
        try:
            tile = Tile.parse_entries(path) if is_bundle else Tile.parse(path)
        except PeerError:
            return None
        found = self.newest()
        if found is None or tile.start + tile.width > found[0] >> TILE_HEIGHT * tile.level:
            return None
        return self.tree.bundle(tile) if is_bundle else self.tree.tile(tile)
