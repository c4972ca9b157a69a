"""The request that hands entries to a mirror: the first index, the checkpoint over all, the entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.note import read_note
from hansa_core.tlog.spelling import decimal
from hansa_core.tlog.tiles import MAX_ENTRY_BYTES

MAX_ENTRIES = 65_536
MAX_REQUEST_BYTES = 64 * 1024 * 1024
MAX_RULES_BYTES = 1024 * 1024
"""Of one document of rules that a mirror keeps."""
_MAX_HEAD_BYTES = 64
_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEntries:
    """Entries from `start` up to the checkpoint in `note`; none where only its cosignatures are new.

    Nothing is believed before note and root are checked. Raises PeerError at birth.
    """

    start: int
    note: bytes
    entries: Sequence[bytes]

    def __post_init__(self) -> None:
        if not all(self.entries):
            raise PeerError("the request has an entry without a byte; no log has such")
        if len(self.entries) > MAX_ENTRIES:
            raise PeerError(f"the request has {len(self.entries)} entries; at most {MAX_ENTRIES} are taken")
        size = self.checkpoint.size
        if self.start + len(self.entries) != size:
            raise PeerError(f"{len(self.entries)} entries from {self.start} on do not end at the checkpoint's {size}")

    @classmethod
    def parse(cls, body: bytes) -> AddEntries:
        """The request in an HTTP body: `<start> <bytes of the note>`, newline, note, each entry after its length."""
        head, newline, _ = body[:_MAX_HEAD_BYTES].partition(b"\n")
        start, space, length = head.decode("ascii", errors="replace").partition(" ")
        if not newline or not space:
            raise PeerError("line 1 of the request must be `<first entry> <bytes of the checkpoint>`")
        begin = len(head) + 1
        end = begin + decimal(length, "the bytes of the checkpoint")
        return cls(start=decimal(start, "the first entry"), note=body[begin:end], entries=_read_entries(body, at=end))

    @property
    def body(self) -> bytes:
        """The request as `parse` reads it."""
        entries = (len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in self.entries)
        return b"%d %d\n%s%s" % (self.start, len(self.note), self.note, b"".join(entries))

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint before its signature was checked."""
        return Checkpoint.parse(read_note(self.note).text)


def _read_entries(body: bytes, *, at: int) -> tuple[bytes, ...]:
    entries: list[bytes] = []
    while at < len(body) and len(entries) <= MAX_ENTRIES:
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(body[at:begin], "big")
        entries.append(body[begin:at])
    if at > len(body):
        raise PeerError(f"the request ends within its entry {len(entries) - 1}")
    assert all(len(entry) <= MAX_ENTRY_BYTES for entry in entries)
    return tuple(entries)
