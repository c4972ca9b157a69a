"""Tiles: a tree cut into files that never change once they are full (C2SP tlog-tiles)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import node_hash
from hansa_core.tlog.spelling import HASH_BYTES, MAX_NUMBER, decimal

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535
_PATH = re.compile(r"tile/(?P<level>[^/]+)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[^/]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """`width` hashes of level `level * 8`, from number `index * 256`. Raises PeerError at birth.

    The bundle of the entries that a level 0 tile hashes has the same index and width.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= MAX_LEVEL:
            raise PeerError(f"a tile's level is {self.level}; it must lie from 0 to {MAX_LEVEL}")
        if not 0 <= self.index <= MAX_NUMBER:
            raise PeerError(f"a tile's index is {self.index}; it must lie from 0 to 2^63 - 1")
        if not 1 <= self.width <= TILE_WIDTH:
            raise PeerError(f"a tile's width is {self.width}; it must lie from 1 to {TILE_WIDTH}")

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile of hashes at `tile/<level>/<index>[.p/<width>]`. Raises PeerError."""
        level, index, width = _read_path(path)
        return cls(decimal(level, "the level in a tile's path"), index, width)

    @classmethod
    def parse_entries(cls, path: str) -> Tile:
        """The level 0 tile of the bundle at `tile/entries/<index>[.p/<width>]`. Raises PeerError."""
        level, index, width = _read_path(path)
        if level != "entries":
            raise PeerError("the path of an entry bundle must begin with tile/entries/")
        return cls(0, index, width)

    @property
    def path(self) -> str:
        """Where the tile's hashes are served, below the log's prefix."""
        return f"tile/{self.level}/{self._tail}"

    @property
    def entries_path(self) -> str:
        """Where the entries of a level 0 tile are served, below the log's prefix."""
        assert self.level == 0
        return f"tile/entries/{self._tail}"

    @property
    def is_full(self) -> bool:
        return self.width == TILE_WIDTH

    @property
    def start(self) -> int:
        """The number of its first hash within its level; at level 0 of its first entry."""
        return self.index * TILE_WIDTH

    @property
    def _tail(self) -> str:
        groups = f"{self.index:,}".split(",")
        *above, last = (group.zfill(3) for group in groups)
        tail = "".join(f"x{group}/" for group in above) + last
        return tail if self.is_full else f"{tail}.p/{self.width}"


def tile_at(level: int, index: int, size: int) -> Tile:
    """The tile as a tree of `size` leaves has it: full or partial. Raises ValueError where it has none."""
    width = min((size >> TILE_HEIGHT * level) - index * TILE_WIDTH, TILE_WIDTH)
    if width < 1:
        raise ValueError(f"a tree of {size} leaves has no tile {index} at level {level}")
    return Tile(level, index, width)


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """The tiles that a tree of `new` leaves has and its beginning of `old` <= `new` leaves had not, or only partly."""
    level = 0
    while new >> TILE_HEIGHT * level:
        before, after = old >> TILE_HEIGHT * level, new >> TILE_HEIGHT * level
        if before < after:
            for index in range(before // TILE_WIDTH, -(-after // TILE_WIDTH)):
                yield tile_at(level, index, new)
        level += 1


@dataclass(frozen=True, slots=True)
class TileHashes:
    """The hashes of a tree, read from its tiles: a HashReader. What it says is only as true as a proof makes it.

    `size`: that of the tree whose tiles are read. `get`: the content of a tile; a PeerError follows where its length
    is wrong. `get` may remember what it fetched: the same tile is asked for again and again.
    """

    size: int
    get: Callable[[Tile], bytes]

    def __call__(self, level: int, index: int, /) -> bytes:
        height = level % TILE_HEIGHT
        first = index << height
        tile = tile_at(level // TILE_HEIGHT, first // TILE_WIDTH, self.size)
        content = self.get(tile)
        if len(content) != tile.width * HASH_BYTES:
            raise PeerError(f"{tile.path} has {len(content)} bytes; {tile.width} hashes have {tile.width * HASH_BYTES}")
        start = first % TILE_WIDTH * HASH_BYTES
        row = [content[at : at + HASH_BYTES] for at in range(start, start + (HASH_BYTES << height), HASH_BYTES)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]


def bundle_limit(tile: Tile) -> int:
    """How many bytes the entries of a tile have at most."""
    return tile.width * (2 + MAX_ENTRY_BYTES)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The entries of one tile, each after its length in two bytes. Raises ValueError beyond the format's bounds."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise ValueError(f"a bundle has {len(entries)} entries; it needs 1 to {TILE_WIDTH}")
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise ValueError(f"an entry must have at most {MAX_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(content: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` entries of a bundle, and nothing after them. Raises PeerError."""
    entries: list[bytes] = []
    at = 0
    for number in range(width):
        length = int.from_bytes(content[at : at + 2], "big")
        end = at + 2 + length
        if at + 2 > len(content) or end > len(content):
            raise PeerError(f"the bundle ends within entry {number} of {width}")
        entries.append(content[at + 2 : end])
        at = end
    if at != len(content):
        raise PeerError(f"the bundle has {len(content) - at} bytes after its {width} entries")
    return tuple(entries)


def _read_path(path: str) -> tuple[str, int, int]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise PeerError(
            "a tile's path must be tile/<level>/<index>[.p/<width>] with the index in groups of three digits"
        )
    groups = match["index"].replace("x", "").split("/")
    if len(groups) > 1 and groups[0] == "000":
        raise PeerError("the index in a tile's path must not begin with a group of zeros")
    index = decimal("".join(groups).lstrip("0") or "0", "the index in a tile's path")
    if match["width"] is None:
        return match["level"], index, TILE_WIDTH
    width = decimal(match["width"], "the width in a tile's path")
    if not 1 <= width < TILE_WIDTH:
        raise PeerError(f"the width in a tile's path is {width}; a partial tile has 1 to {TILE_WIDTH - 1} hashes")
    return match["level"], index, width
