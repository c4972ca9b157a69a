"""Checkpoint, hash tiles and entry bundles of one log, by their C2SP paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hansa_core.errors import PeerError
from hansa_core.tlog.tiles import TILE_HEIGHT, Tile
from hansa_node.log.peer_logs import PeerLogs
from hansa_node.log.tree_rows import TreeRows


class ShownHead(Protocol):
    """How far a log is shown."""

    def newest(self) -> tuple[int, bytes] | None:
        """Size and signed checkpoint of what is shown; None before the first."""


@dataclass(frozen=True, slots=True)
class MirroredHead:
    """The head of another city's log, as far as it lies here."""

    peers: PeerLogs
    origin: str

    def newest(self) -> tuple[int, bytes] | None:
        return self.peers.mirrored(self.origin)


@dataclass(frozen=True, slots=True)
class ReadableLog:
    """A log that lies here, the city's own or a mirrored one, shown up to `head`."""

    tree: TreeRows
    head: ShownHead

    def checkpoint(self) -> bytes | None:
        """The signed checkpoint; None before the first."""
        found = self.head.newest()
        return None if found is None else found[1]

    def tile(self, path: str) -> bytes | None:
        """The hashes, or for a path below `tile/entries/` the entries, of a tile; None where the tree has no such."""
        is_bundle = path.startswith("tile/entries/")
        try:
            tile = Tile.parse_entries(path) if is_bundle else Tile.parse(path)
        except PeerError:
            return None
        found = self.head.newest()
        if found is None or tile.start + tile.width > found[0] >> TILE_HEIGHT * tile.level:
            return None
        return self.tree.bundle(tile) if is_bundle else self.tree.tile(tile)
