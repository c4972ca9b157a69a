"""One transaction's entries: their indices, times and rows, and one checkpoint over all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.opening import Opening, encode_opening, seal_opening
from hansa_core.instants import seconds_of
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import Frontier, grow, leaf_hash
from hansa_node.log.identity import LogIdentity
from hansa_node.log.sealed import Head, Sealed, edge_hashes
from hansa_node.log.tree_rows import OWN_LOG, add_entry_rows, add_hash_rows
from hansa_node.store.checksum import row_checksum

Said = tuple[int, bytes]
"""Version and digest of what the log last said about a subject."""


class Batch:
    """One transaction's additions to the log, made by one thread. `cursor`: within the transaction.

    `said`: what the log last said, by subject, as far as it was read or written and this transaction sees it.
    """

    def __init__(
        self, cursor: sqlite3.Cursor, head: Head, identity: LogIdentity, said: dict[str, Said | None] | None = None
    ) -> None:
        self.cursor = cursor
        self.said: dict[str, Said | None] = {} if said is None else said
        self._head = head
        self._identity = identity
        self._leaves: list[bytes] = []
        self._time_unix_s = head.time_unix_s
        self._taken: tuple[int, bytes] | None = None

    @property
    def size(self) -> int:
        """How many entries the log has so far."""
        return self._head.frontier.size + len(self._leaves)

    def conceal(self, values: Mapping[str, JsonValue]) -> Opening:
        """What an entry may commit to without saying it, each field under a fresh salt."""
        return seal_opening(values, {field: self._identity.fresh_salt() for field in values})

    def append(self, body: Body, opening: Opening | None = None, *, now: datetime) -> int:
        """Add an entry; its index. `now`: naive UTC; where the clock went back, the last entry's time stands.

        `opening`: what the digests in the body commit to.
        """
        self._time_unix_s = max(self._time_unix_s, seconds_of(now))
        entry = Entry(
            time_unix_s=self._time_unix_s, node=self._identity.city, software=self._identity.software, body=body
        )
        index = self.size
        self.add_leaf(encode_entry(entry), self._time_unix_s)
        if opening is not None:
            encoded = encode_opening(opening)
            self.cursor.execute(
                "INSERT INTO openings (idx, opening, sha256) VALUES (?, ?, ?)",
                (index, encoded, row_checksum(index, encoded)),
            )
        return index

    def add_leaf(self, leaf: bytes, time_unix_s: int) -> None:
        """Add an entry as it stands, such as one that a peer kept for us."""
        add_entry_rows(self.cursor, OWN_LOG, self.size, [(time_unix_s, leaf)])
        self._time_unix_s = max(self._time_unix_s, time_unix_s)
        self._leaves.append(leaf)

    def take_checkpoint(self, root: bytes, note: bytes) -> None:
        """Let `note`, signed earlier, stand for the entries so far. Raises PeerError unless `root` is theirs."""
        frontier, _ = self._grown()
        if frontier.root != root:
            raise PeerError("the entries do not lead to the root of the checkpoint that this log signed")
        self._taken = (self.size, note)

    def seal(self) -> Sealed | None:
        """Sign the new head and write it; None where nothing was added. What is signed here leaves after the commit."""
        if not self._leaves:
            return None
        frontier, made = self._grown()
        if self._taken is not None and self._taken[0] == frontier.size:
            note = self._taken[1]
        else:
            checkpoint = Checkpoint(self._identity.origin, frontier.size, frontier.root)
            note = sign_checkpoint(checkpoint, self._identity.signer)
        self.cursor.execute(
            "INSERT INTO checkpoints (size, note, sha256) VALUES (?, ?, ?)",
            (frontier.size, note, row_checksum(frontier.size, note)),
        )
        add_hash_rows(self.cursor, OWN_LOG, made)
        return Sealed(
            head=Head(frontier=frontier, time_unix_s=self._time_unix_s),
            note=note,
            leaves=self._leaves,
            hashes=edge_hashes(self._head.frontier) | {(level, index): value for level, index, value in made},
        )

    def _grown(self) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
        return grow(self._head.frontier, map(leaf_hash, self._leaves))
