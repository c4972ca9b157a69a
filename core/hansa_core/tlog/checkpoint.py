"""Checkpoints: the root of a log at a size (C2SP tlog-checkpoint)."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import EMPTY_ROOT
from hansa_core.tlog.note import (
    MAX_NOTE_BYTES,
    Note,
    NoteSignature,
    NoteSigner,
    VerifierKey,
    check_note,
    read_note,
    sign_text,
    write_note,
)
from hansa_core.tlog.spelling import (
    base64_hash,
    base64_text,
    bounded_text,
    check_hash,
    check_line,
    check_number,
    decimal,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log. Raises PeerError at birth.

    `origin`: the log's name. `size`: its number of entries. `root`: their Merkle root. `extensions`: opaque lines.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            check_line(line, "each origin and extension line of a checkpoint")
        check_number(self.size, "line 2 of the checkpoint, the size,")
        check_hash(self.root, "line 3 of the checkpoint, the root,")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise PeerError("a checkpoint of size 0 must carry the root of the empty tree")

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """The checkpoint in a note's text, nothing verified. Raises PeerError."""
        lines = bounded_text(text, MAX_NOTE_BYTES, "the checkpoint").split("\n")
        if len(lines) < 4 or lines[-1]:
            raise PeerError("a checkpoint must have lines for origin, size and root, each ended by a newline")
        origin, size, root, *extensions = lines[:-1]
        return cls(
            origin,
            decimal(size, "line 2 of the checkpoint, the size,"),
            base64_hash(root, "line 3 of the checkpoint, the root,"),
            tuple(extensions),
        )

    @property
    def text(self) -> bytes:
        """The checkpoint as the text of a note."""
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, base64_text(self.root), *self.extensions)
        ).encode()


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The note in which the log signs its checkpoint, under its origin as key name."""
    text = checkpoint.text
    return write_note(Note(text, (sign_text(text, signer, checkpoint.origin),)))


def open_checkpoint(note: bytes, log_key: VerifierKey) -> Checkpoint:
    """The checkpoint, if the log of that name signed it. Signatures of unknown keys are ignored. Raises PeerError."""
    opened = read_note(note)
    check_note(opened, log_key)
    checkpoint = Checkpoint.parse(opened.text)
    if checkpoint.origin != log_key.name:
        raise PeerError(f"the checkpoint is of another log than {log_key.name}")
    return checkpoint


def add_signatures(note: bytes, *lines: bytes) -> bytes:
    """The note with more signature lines; an older one by the same name and key id gives way. Raises PeerError."""
    opened = read_note(note)
    signatures = {(each.name, each.key_id): each for each in opened.signatures}
    for line in lines:
        added = NoteSignature.parse(line)
        signatures.pop((added.name, added.key_id), None)
        signatures[added.name, added.key_id] = added
    return write_note(Note(opened.text, tuple(signatures.values())))
