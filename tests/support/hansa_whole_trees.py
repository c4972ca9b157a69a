"""Trees, tiles and audits of a whole log at once, from nothing but its leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.finding import LogFinding
from hansa_core.tlog.merkle import HashReader, node_hash
from hansa_core.tlog.tiles import TILE_HEIGHT, Tile, new_tiles


def tree_hashes(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of all complete subtrees, by level and index: `tree_hashes(leaves)[level][index]`."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)])
    return levels


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size` leaves, level by level."""
    return new_tiles(0, size)


def tile_bytes(tile: Tile, read: HashReader) -> bytes:
    """The tile's content: its hashes in order."""
    return b"".join(read(tile.level * TILE_HEIGHT, tile.start + number) for number in range(tile.width))


def audit_entries(leaves: Iterable[bytes], subject: Subject) -> Iterator[LogFinding]:
    """Every finding over the whole log, in order; nothing where all is well."""
    audit = Audit(subject)
    for leaf in leaves:
        yield from audit.take(leaf)[1]
    yield from audit.finish()
