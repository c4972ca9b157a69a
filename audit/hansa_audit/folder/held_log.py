"""Entries of a fetched log whose root was rebuilt, for those who list, count and compare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa.errors import TrustError
from hansa_audit.folder.findings import Findings
from hansa_audit.folder.freshness import Freshness, freshness_of
from hansa_audit.folder.log_folder import CHECKPOINT, LogFolder
from hansa_audit.folder.rebuilt_tree import RebuiltTree
from hansa_audit.folder.trusted_keys import Trusted, trusted_of
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import inclusion_proof, leaf_hash, root_of
from hansa_core.tlog.proof import TlogProof
from hansa_core.tlog.tiles import TILE_WIDTH, Tile, TileHashes, decode_bundle, tile_at


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLog:
    """A log whose entries make the root that its key signed. Quorum and rules are for `hansa audit verify`."""

    folder: LogFolder
    trusted: Trusted
    checkpoint: Checkpoint
    note: bytes

    @property
    def city(self) -> str:
        """The city, or the log's name where the folder has no roster."""
        return self.checkpoint.origin if self.trusted.member is None else self.trusted.member.city

    def leaves(self) -> Iterator[tuple[int, bytes]]:
        """Every entry's bytes. Raises ConfigError for a missing file, TrustError for a broken one."""
        for tile in _bundles(self.checkpoint.size):
            yield from enumerate(_entries(self.folder, tile), start=tile.start)

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Every entry that can be read as one; the others are findings of `hansa audit verify`."""
        return ((index, entry) for index, entry in self.entries_or_none() if entry is not None)

    def entries_or_none(self) -> Iterator[tuple[int, Entry | None]]:
        """Every entry; None where its bytes cannot be read as one."""
        return ((index, _entry_or_none(leaf)) for index, leaf in self.leaves())

    @property
    def freshness(self) -> Freshness:
        """How recent the log is, by its witnesses and its newest entry."""
        newest = _entry_or_none(self.leaf(self.checkpoint.size - 1)) if self.checkpoint.size else None
        return freshness_of(self.note, self.trusted.policy, None if newest is None else newest.time_unix_s)

    def leaf(self, index: int) -> bytes:
        """The bytes of one entry. Raises ConfigError where the log has no such."""
        if index >= self.checkpoint.size:
            raise ConfigError(f"entry {index} is not in the folder; it has 0 to {self.checkpoint.size - 1}")
        tile = tile_at(0, index // TILE_WIDTH, self.checkpoint.size)
        return _entries(self.folder, tile)[index - tile.start]

    def proof(self, index: int) -> TlogProof:
        """A C2SP tlog-proof that carries the entry, as receipts do."""
        leaf, size = self.leaf(index), self.checkpoint.size
        proof = TlogProof(
            index=index,
            hashes=inclusion_proof(index, size, TileHashes(size, self.folder.tile)),
            checkpoint_note=self.note,
            extra=leaf,
        )
        proof.check_entry(leaf, self.checkpoint)
        return proof

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        return root_of(size, TileHashes(self.checkpoint.size, self.folder.tile))


def open_log(root: Path) -> HeldLog:
    """The log in a folder. Raises ConfigError for no such folder, TrustError where it is not what was signed."""
    folder, findings = LogFolder.existing(root), Findings()
    note = folder.checkpoint()
    trusted = trusted_of(folder, findings)
    try:
        checkpoint = open_checkpoint(note, trusted.log_key)
    except PeerError as broken:
        raise TrustError("log_invalid", f"{root}/{CHECKPOINT}: {broken}; `hansa audit verify` says more") from None
    log = HeldLog(folder=folder, trusted=trusted, checkpoint=checkpoint, note=note)
    tree = RebuiltTree(lambda tile, hashes: None)
    for tile in _bundles(checkpoint.size):
        tree.extend([leaf_hash(entry) for entry in _entries(folder, tile)])
    if tree.finish() != checkpoint.root:
        rule = f"{root}: the entries are not those that the log signed; `hansa audit verify` says where"
        raise TrustError("log_invalid", rule)
    return log


def _entry_or_none(leaf: bytes) -> Entry | None:
    try:
        return decode_entry(leaf)
    except PeerError:
        return None


def _bundles(size: int) -> Iterator[Tile]:
    return (tile_at(0, index, size) for index in range(-(-size // TILE_WIDTH)))


def _entries(folder: LogFolder, tile: Tile) -> tuple[bytes, ...]:
    try:
        return decode_bundle(folder.bundle(tile), tile.width)
    except PeerError as broken:
        raise TrustError("log_invalid", f"{folder.root}/{tile.entries_path}: {broken}") from None
