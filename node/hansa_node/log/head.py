"""The head of the city's own log: loaded from the store, and carried from one transaction to the next."""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

from hansa_core.errors import PeerError, StoreCorruptError
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.merkle import Frontier
from hansa_node.log.batch import Batch, Said
from hansa_node.log.identity import LogIdentity
from hansa_node.log.sealed import Head, Sealed
from hansa_node.log.tree_rows import TreeRows
from hansa_node.store.checksum import check_row
from hansa_node.store.file import Reader
from hansa_node.store.writer import Writer

LogWriter: TypeAlias = Writer[Batch, Sealed]
"""The store's writer, whose transactions are batches of the own log."""


class LogBatches:
    """Opens each transaction of the store as a batch that continues the log. One thread at a time calls it."""

    def __init__(self, tree: TreeRows, reader: Reader, identity: LogIdentity) -> None:
        self._tree = tree
        self._reader = reader
        self._identity = identity
        self._head: Head | None = None
        self._opened: Head | None = None
        self._said: dict[str, Said | None] = {}
        self._said_in: dict[str, Said | None] = {}

    def open(self, cursor: sqlite3.Cursor) -> Batch:
        """A batch upon the head. Raises StoreCorruptError where the file has no head that the log's key signed."""
        # Forgotten until the commit has returned: one that fails may persist, so the next one asks the file first.
        head, self._head = self._head or load_head(self._tree, self._reader, self._identity), None
        self._opened = head
        self._said_in, self._said = self._said, {}
        return Batch(cursor, head, self._identity, self._said_in)

    def seal(self, batch: Batch) -> Sealed | None:
        """Sign the new head and write it; None where no entry was added."""
        return batch.seal()

    def committed(self, sealed: Sealed | None) -> None:
        """Go on from the new head."""
        self._head = self._opened if sealed is None else sealed.head
        self._said = self._said_in


def load_head(tree: TreeRows, reader: Reader, identity: LogIdentity) -> Head:
    """The log's head as the file has it. Raises StoreCorruptError unless its newest checkpoint stands for it."""
    size = tree.size()
    found = reader.one("SELECT sha256, size, note FROM checkpoints ORDER BY size DESC LIMIT 1")
    if found is None and size == 0:
        return Head(frontier=Frontier(), time_unix_s=0)
    if found is not None:
        check_row(*found, what=f"the checkpoint of size {found[1]}")
    try:
        checkpoint = open_checkpoint(b"" if found is None else found[2], identity.vkey)
    except PeerError as wrong:
        raise StoreCorruptError(f"the log's newest checkpoint is not one that its key signed: {wrong}") from None
    frontier = Frontier.of(size, tree.hashes(size))
    if (checkpoint.size, checkpoint.root) != (size, frontier.root):
        raise StoreCorruptError("the log's entries are not those of its newest checkpoint; stop, and restore the store")
    return Head(frontier=frontier, time_unix_s=tree.time_unix_s(size - 1))
