"""Other cities' logs in the store: the head that was cosigned for each, and the entries mirrored for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from hansa_core.errors import PeerError
from hansa_core.policy.published_rules import rules_hash
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.merkle import Frontier, grow, leaf_hash
from hansa_core.tlog.note import read_note
from hansa_node.log.announced_rules import rules_named
from hansa_node.log.batch import Batch
from hansa_node.log.head import LogWriter
from hansa_node.log.mirror_row import MIRROR, MirrorRow, mirror_of
from hansa_node.log.tree_rows import TreeRows, add_entry_rows, add_hash_rows
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader
from hansa_node.store.mirrored_rules import add_mirrored_rules, count_mirrored_rules, find_mirrored_rules

MOST_RULES = 1000
"""Documents of one mirrored log: with their size, they bound what a city can take of another one's disk."""
_COSIGNED = "SELECT sha256, origin, size, root FROM witness_state WHERE origin = ?"


class PeerLogs:
    """Witness state and mirrors, by the origin of the log. Every method may be called from any thread."""

    def __init__(self, reader: Reader, writer: LogWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._trees: dict[int, TreeRows] = {}
        self._edges: dict[str, Frontier] = {}

    def cosigned(self, origin: str) -> tuple[int, bytes] | None:
        """Size and root of the largest head that this city cosigned for the log."""
        return _checked_head(self._reader.one(_COSIGNED, (origin,)))

    def put_cosigned(self, origin: str, *, before: tuple[int, bytes] | None, size: int, root: bytes) -> bool:
        """Make the new head durable if the one so far is still `before`; whether it was. Only then may it be signed."""

        def write(batch: Batch) -> bool:
            found = _checked_head(batch.cursor.execute(_COSIGNED, (origin,)).fetchone())
            if found != before:
                return False
            if found != (size, root):  # the same once more costs no wait for the disk, whoever sends it how often
                batch.cursor.execute(
                    "INSERT OR REPLACE INTO witness_state (origin, size, root, sha256) VALUES (?, ?, ?, ?)",
                    (origin, size, root, row_checksum(origin, size, root)),
                )
            return True

        was_put, _ = self._writer.run(write)
        return was_put

    def mirrored(self, origin: str) -> tuple[int, bytes] | None:
        """How many entries of the log lie here, and the signed checkpoint over them."""
        found = self._mirror(origin)
        return None if found is None else (found.size, found.note)

    def mirrored_cosigned(self, origin: str) -> tuple[int, bytes] | None:
        """Size and note of the newest mirrored checkpoint that a quorum cosigned; None before the first.

        A city that falls silent between two of them leaves entries that nobody but itself vouches for.
        """
        found = self._mirror(origin)
        if found is None or found.cosigned_size is None or found.cosigned_note is None:
            return None
        return found.cosigned_size, found.cosigned_note

    def mirror(self, origin: str) -> TreeRows | None:
        """Entries, hashes, tiles and bundles of the mirrored log; None where nothing of it lies here."""
        found = self._mirror(origin)
        return None if found is None else self._trees.setdefault(found.log, TreeRows(self._reader.rows, found.log))

    def mirror_append(
        self, origin: str, start: int, entries: Sequence[bytes], note: bytes, *, is_cosigned: bool
    ) -> None:
        """Keep entries from `start` on, and the checkpoint over all. `note`: one whose signature the caller checked.

        `is_cosigned`: by a quorum, as the caller found.

        Raises PeerError where they do not follow what lies here, or do not lead to the checkpoint's root.
        """
        checkpoint = Checkpoint.parse(read_note(note).text)

        def write(batch: Batch) -> Frontier:
            cursor = batch.cursor
            mirror = mirror_of(cursor, origin)
            log, size = mirror.log, mirror.size
            if start != size or size + len(entries) != checkpoint.size:
                raise PeerError(f"the mirror of {origin} has {size} entries; send those from there to the checkpoint")
            grown, made = grow(self._edge_of(origin, log, size, cursor), map(leaf_hash, entries))
            if grown.root != checkpoint.root:
                raise PeerError(f"the entries do not lead to the root of the checkpoint of {origin}")
            add_entry_rows(cursor, log, size, ((0, entry) for entry in entries))
            add_hash_rows(cursor, log, made)
            mirror.grown(checkpoint.size, note, is_cosigned=is_cosigned).write(cursor)
            return grown

        self._edges[origin], _ = self._writer.run(write)

    def rules(self, origin: str, hash_: str) -> bytes | None:
        """The rules of that hash which the log names, where its city handed them over. Raises StoreCorruptError."""
        found = self._mirror(origin)
        return None if found is None else find_mirrored_rules(self._reader, found.log, hash_)

    def put_rules(self, origin: str, index: int, document: bytes) -> bool:
        """Keep the rules that entry `index` of the mirrored log names; False where the mirror holds as many as it may.

        Raises PeerError where no such entry lies here, or it names others.
        """
        found, tree, hash_ = self._mirror(origin), self.mirror(origin), rules_hash(document)
        if found is None or tree is None or index >= found.size:
            raise PeerError(f"entry {index} of {origin} does not lie here; send entries first")
        if hash_ not in rules_named(tree.entries(index, index + 1)[0]):
            raise PeerError(f"entry {index} of {origin} does not name these rules")
        if find_mirrored_rules(self._reader, found.log, hash_) is not None:
            return True

        def write(batch: Batch) -> bool:
            has_room = count_mirrored_rules(batch.cursor, found.log) < MOST_RULES
            if has_room:
                add_mirrored_rules(batch.cursor, found.log, hash_, document)
            return has_room

        was_kept, _ = self._writer.run(write)
        return was_kept

    def _mirror(self, origin: str) -> MirrorRow | None:
        return MirrorRow.checked(self._reader.one(MIRROR, (origin,)))

    def _edge_of(self, origin: str, log: int, size: int, cursor: sqlite3.Cursor) -> Frontier:
        """The right edge of the mirror: as the last append left it, if it has that size, else as its rows make it."""
        edge = self._edges.get(origin, Frontier())
        if edge.size == size:
            return edge
        # Read within this transaction: an earlier write of the same one may have grown the mirror.
        tree = TreeRows(lambda statement, values: cursor.execute(statement, values).fetchall(), log)
        return Frontier.of(size, tree.hashes(size))


def _checked_head(row: tuple[Any, ...] | None) -> tuple[int, bytes] | None:
    """Size and root. Raises StoreCorruptError: upon a wrong head, two histories of a log could be cosigned."""
    if row is None:
        return None
    check_row(*row, what=f"the head that was cosigned for {row[1]}")
    return row[2], row[3]
