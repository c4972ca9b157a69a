"""The tiles of one checkpoint on their way to disk, each checked against the signed root before it is written."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_audit.fetching.in_flight import answered
from hansa_audit.fetching.log_source import LogSource
from hansa_audit.folder.log_folder import LogFolder, tile_limit
from hansa_audit.folder.rebuilt_tree import RebuiltTree, split_hashes
from hansa_audit.folder.seen_checkpoints import Beginning
from hansa_core.errors import ConfigError, PeerError
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of
from hansa_core.tlog.tiles import TILE_WIDTH, Tile, TileHashes, bundle_limit, decode_bundle, new_tiles, tile_at


class IncomingTiles:
    """First all hashes, which are small and have to make the signed root; then each bundle against its hashes."""

    def __init__(self, source: LogSource, folder: LogFolder, checkpoint: Checkpoint) -> None:
        self._source = source
        self._folder = folder
        self._checkpoint = checkpoint
        self._size = checkpoint.size
        self._held_root: bytes | None = None
        self._tiles: dict[Tile, bytes] = {}

    @staticmethod
    def root_held(folder: LogFolder, held: Checkpoint, size: int) -> bytes | None:
        """The root of the first `size` entries, by the folder's own tiles; None where they cannot be read."""
        try:
            return root_of(size, TileHashes(held.size, folder.tile))
        except (ConfigError, PeerError):
            return None

    @staticmethod
    def sweep(folder: LogFolder, before: int, size: int) -> None:
        """Take away the partial tiles of an earlier, smaller checkpoint: all of them lie in the ones that came."""
        for tile in new_tiles(before, size):
            for path in (tile.path, *((tile.entries_path,) if tile.level == 0 else ())):
                _sweep_beside(folder, path)

    def collect_hashes(self, held: Checkpoint | None) -> Beginning | None:
        """Fetch the hashes, which must make the checkpoint's root. Raises PeerError where they do not.

        Returns None where the tree begins with `held`; otherwise what it begins with instead, proven.
        """
        if not self._makes_the_root(held, with_own=True) and not (
            held is not None and self._makes_the_root(held, with_own=False)
        ):
            raise PeerError(
                f"{self._source.name}: its tiles of hashes do not make the root that it signed; nothing was kept"
            )
        if held is None or self._held_root == held.root:
            return None
        return Beginning.of(held.size, self._checkpoint, TileHashes(self._checkpoint.size, self._tiles.__getitem__))

    def write(self) -> int:
        """Fetch the entries, and write all that is new; returns how many files."""
        written = 0
        for tile, bundle in answered(self._checked, self._tiles):
            if not self._has(tile.path, tile):
                self._folder.write(tile.path, self._tiles[tile])
                written += 1
            if bundle is not None:
                self._folder.write(tile.entries_path, bundle)
                written += 1
        return written

    def _makes_the_root(self, held: Checkpoint | None, *, with_own: bool) -> bool:
        """Whether the tiles make the signed root. `with_own`: full tiles that lie in the folder are not fetched."""
        self._tiles.clear()
        tree = RebuiltTree(self._take, () if held is None else (held.size,))

        def content(tile: Tile) -> bytes:
            is_own = with_own and self._has(tile.path, tile)
            return self._folder.tile(tile) if is_own else self._get(tile)

        level_0 = (tile_at(0, index, self._size) for index in range(-(-self._size // TILE_WIDTH)))
        for tile, hashes in answered(content, level_0):
            tree.extend(split_hashes(hashes, tile))
        if tree.finish() != self._checkpoint.root:
            return False
        self._held_root = None if held is None else tree.root_at(held.size)
        return True

    def _take(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        self._tiles[tile] = b"".join(hashes)

    def _has(self, path: str, tile: Tile) -> bool:
        """Whether a full tile lies there already; a partial one is small, and comes anew."""
        return tile.is_full and self._folder.has(path)

    def _get(self, tile: Tile) -> bytes:
        return self._source.get(tile.path, tile_limit(tile))

    def _checked(self, tile: Tile) -> bytes | None:
        """Hold a tile against what the source serves of it; the entries of one of level 0, where they are new."""
        if tile.level:
            self._check_served(tile, self._tiles[tile])
            return None
        return None if self._has(tile.entries_path, tile) else self._bundle(tile, self._tiles[tile])

    def _check_served(self, tile: Tile, content: bytes) -> None:
        """An upper tile follows from those below it; that the log serves it right is checked all the same."""
        if not self._has(tile.path, tile) and self._get(tile) != content:
            raise PeerError(f"{self._source.name}: {tile.path} is not what the tiles below it make")

    def _bundle(self, tile: Tile, hashes: bytes) -> bytes:
        content = self._source.get(tile.entries_path, bundle_limit(tile))
        try:
            entries = decode_bundle(content, tile.width)
        except PeerError as broken:
            raise PeerError(f"{self._source.name}: {tile.entries_path}: {broken}") from None
        for number, (entry, expected) in enumerate(zip(entries, split_hashes(hashes, tile), strict=True)):
            if leaf_hash(entry) != expected:
                index = tile.start + number
                raise PeerError(
                    f"{self._source.name}: {tile.entries_path}: entry {index} is not the one that was signed"
                )
        return content


def _sweep_beside(folder: LogFolder, path: str) -> None:
    stem, _, width = path.partition(".p/")
    partials = folder.root / f"{stem}.p"
    if partials.is_dir():
        for each in sorted(partials.iterdir()):
            if each.name != width:
                folder.remove(f"{stem}.p/{each.name}")
