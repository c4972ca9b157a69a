"""The city's own log in the store: reading entries, openings, checkpoints and receipts, and appending."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime

from hansa_core.errors import PeerError, StoreCorruptError
from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.opening import Opening, decode_opening
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.instants import instant_of_seconds, seconds_of
from hansa_core.tlog.checkpoint import add_signatures, open_checkpoint
from hansa_core.tlog.note import NoteSignature
from hansa_node.log.announced_rules import RulesNamed
from hansa_node.log.announcements import remember
from hansa_node.log.batch import Batch
from hansa_node.log.head import LogWriter
from hansa_node.log.identity import LogIdentity
from hansa_node.log.keys import remember_key
from hansa_node.log.sealed import receipt_of
from hansa_node.log.tree_rows import OWN_LOG, TreeRows
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader
from hansa_node.store.published_rules import find_rules
from hansa_node.store.reservations import end_reservation_of

_CHECKPOINT_OF = "SELECT sha256, size, note FROM checkpoints WHERE size = coalesce(?, size) ORDER BY size DESC LIMIT 1"
_COSIGNATURES_OF = "SELECT sha256, size, name, line FROM cosignatures WHERE size = ? ORDER BY name"
_CHECKPOINT_ABOVE = "SELECT sha256, size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT 1"


class OwnLog:
    """Entries, openings, checkpoints and their cosignatures. Every method may be called from any thread.

    `tree`: entries, hashes, tiles and bundles of what is committed. `announced_rules`: which entries name rules.
    """

    def __init__(self, reader: Reader, writer: LogWriter, identity: LogIdentity) -> None:
        self.identity = identity
        self.tree = TreeRows(reader.rows, OWN_LOG)
        self.announced_rules = RulesNamed(reader.rows, OWN_LOG)
        self._reader = reader
        self._writer = writer

    @property
    def size(self) -> int:
        """How many entries are committed."""
        return self.tree.size()

    def checkpoint(self, size: int | None = None) -> bytes | None:
        """The signed checkpoint of that size, or the newest, with its cosignatures; None where there is none."""
        found = self._checkpoint_row(_CHECKPOINT_OF, size)
        if found is None:
            return None
        at, note = found
        rows = self._reader.rows(_COSIGNATURES_OF, (at,))
        for row in rows:
            check_row(*row, what=f"a cosignature of the checkpoint of size {at}")
        return add_signatures(note, *(row[3] for row in rows))

    def newest(self) -> tuple[int, bytes] | None:
        """Size and note of the newest checkpoint that a quorum cosigned, or of the newest of all; None before one."""
        witnessed = self.witnessed()
        size = self.size if witnessed is None else witnessed[0]
        note = self.checkpoint(size)
        return None if note is None else (size, note)

    def checkpoint_beyond(self, start: int, *, wanted: int) -> bytes | None:
        """The signed checkpoint of the largest size up to `wanted`, or else the smallest, of those above `start`."""
        found = self._reader.one(
            "SELECT coalesce((SELECT max(size) FROM checkpoints WHERE size > ? AND size <= ?),"
            " (SELECT min(size) FROM checkpoints WHERE size > ?))",
            (start, wanted, start),
        )
        return None if found is None or found[0] is None else self.checkpoint(found[0])

    def append(self, body: Body, *, now: datetime) -> int:
        """Make an entry durable; its index."""
        index, _ = self._writer.run(lambda batch: batch.append(body, now=now))
        return index

    def receipt(self, index: int) -> bytes:
        """The receipt that was made when the entry was committed, in the same bytes."""
        found = self._checkpoint_row(_CHECKPOINT_ABOVE, index)
        if found is None:
            raise StoreCorruptError(f"entry {index} of the log lies under no checkpoint; stop, and restore the store")
        size, note = found
        (leaf,) = self.tree.entries(index, index + 1)
        return receipt_of(index, size, leaf, note, self.tree.hashes(size))

    def add_cosignatures(self, size: int, lines: Sequence[bytes], *, complete_at: datetime | None) -> None:
        """Keep what witnesses said about the checkpoint of `size`; a newer line of the same name replaces an older.

        `complete_at`: when they became a quorum; None while they are none.
        """

        def write(batch: Batch) -> None:
            rows = [(size, NoteSignature.parse(line).name, line) for line in lines]
            batch.cursor.executemany(
                "INSERT OR REPLACE INTO cosignatures (size, name, line, sha256) VALUES (?, ?, ?, ?)",
                [(*row, row_checksum(*row)) for row in rows],
            )
            if complete_at is not None:
                at = complete_at.isoformat()
                batch.cursor.execute(
                    "INSERT INTO witnessed (only, size, at, sha256) VALUES (1, ?, ?, ?) ON CONFLICT (only) DO UPDATE"
                    " SET size = excluded.size, at = excluded.at, sha256 = excluded.sha256 WHERE excluded.size >= size",
                    (size, at, row_checksum(size, at)),
                )

        self._writer.run(write)

    def witnessed(self) -> tuple[int, datetime] | None:
        """The largest size that a quorum cosigned, and when it was complete."""
        found = self._reader.one("SELECT sha256, size, at FROM witnessed")
        if found is None:
            return None
        check_row(*found, what="what a quorum has witnessed")
        return found[1], datetime.fromisoformat(found[2])

    def time_of(self, index: int) -> datetime | None:
        """When the entry was received (naive UTC); None where there is no such entry."""
        if index >= self.size:
            return None
        return instant_of_seconds(self.tree.time_unix_s(index))

    def opening(self, index: int) -> Opening | None:
        """What the entry commits to; None where it commits to nothing, or retention deleted it."""
        found = self._reader.one("SELECT sha256, idx, opening FROM openings WHERE idx = ?", (index,))
        if found is None:
            return None
        check_row(*found, what=f"the opening of entry {index}")
        return decode_opening(found[2])

    def rules(self, hash_: str) -> bytes | None:
        """The published rules of that hash; None where no entry names them. Raises StoreCorruptError."""
        return find_rules(self._reader, hash_)

    def openings(self, first: int, last: int) -> Iterator[tuple[int, Opening]]:
        """What the entries from `first` to `last` commit to, by index; those that retention deleted are left out."""
        rows = self._reader.rows(
            "SELECT sha256, idx, opening FROM openings WHERE idx BETWEEN ? AND ? ORDER BY idx", (first, last)
        )
        for row in rows:
            check_row(*row, what=f"the opening of entry {row[1]}")
            yield row[1], decode_opening(row[2])

    def forget_openings(self, before: datetime) -> int:
        """Delete the openings of entries older than `before` (naive UTC); how many there were."""
        first_kept = bisect_left(
            range(self.size), seconds_of(before), key=self.tree.time_unix_s
        )  # times never decrease
        deleted, _ = self._writer.run(
            lambda batch: batch.cursor.execute("DELETE FROM openings WHERE idx < ?", (first_kept,)).rowcount
        )
        return deleted

    def replay(self, leaves: Sequence[bytes], note: bytes) -> None:
        """Append entries as a peer kept them for us, up to the checkpoint `note`, which this log signed once.

        Raises PeerError where they are no entries, or do not lead to its root: then nothing is taken.
        """
        checkpoint = open_checkpoint(note, self.identity.vkey)
        entries = [decode_entry(leaf) for leaf in leaves]

        def write(batch: Batch) -> None:
            if batch.size + len(leaves) != checkpoint.size:
                raise PeerError(
                    f"{len(leaves)} entries after {batch.size} do not make the {checkpoint.size} signed ones"
                )
            for leaf, entry in zip(leaves, entries, strict=True):
                batch.add_leaf(leaf, entry.time_unix_s)
                remember(batch, entry.body)
                remember_key(batch, entry.body)
                if isinstance(entry.body, QueryDecision | QueryAborted):
                    # Open in a backup, and ended later, as the entry says: it must not end a second time.
                    end_reservation_of(batch.cursor, entry.body.query_hash)
            batch.take_checkpoint(checkpoint.root, note)

        self._writer.run(write)

    def _checkpoint_row(self, statement: str, value: int | None) -> tuple[int, bytes] | None:
        """Size and note of the first checkpoint that the statement finds. Raises StoreCorruptError."""
        found = self._reader.one(statement, (value,))
        if found is None:
            return None
        check_row(*found, what=f"the checkpoint of size {found[1]}")
        return found[1], found[2]
