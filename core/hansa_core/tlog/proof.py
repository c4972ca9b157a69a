"""Offline proofs that an entry lies in a log (C2SP tlog-proof)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.merkle_checks import check_inclusion
from hansa_core.tlog.note import MAX_NOTE_BYTES, VerifierKey, read_note
from hansa_core.tlog.spelling import (
    base64_bytes,
    base64_hash,
    base64_text,
    bounded_text,
    check_hash,
    check_number,
    decimal,
)

MAX_PROOF_BYTES = 2 * MAX_NOTE_BYTES
MAX_HASHES = 63  # a tree of 2^63 - 1 leaves has no longer path
_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """A claim that entry `index` lies in the tree of a checkpoint. Nothing is believed before `verify`.

    `hashes`: the inclusion proof, the leaf's sibling first. `checkpoint_note`: the signed checkpoint, byte for byte.
    `extra`: what the application adds; nobody signed it. Empty: none. Raises PeerError at birth.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        check_number(self.index, "the index of the proof")
        if len(self.hashes) > MAX_HASHES:
            raise PeerError(f"the proof has {len(self.hashes)} hashes; at most {MAX_HASHES} lead to a root")
        for number, value in enumerate(self.hashes, start=1):
            check_hash(value, f"hash {number} of the proof")
        _check_note(self.checkpoint_note)

    def verify(self, entry: bytes, log_key: VerifierKey) -> Checkpoint:
        """The checkpoint, if the log signed it and `entry` lies in it at `index`. Raises PeerError."""
        checkpoint = open_checkpoint(self.checkpoint_note, log_key)
        self.check_entry(entry, checkpoint)
        return checkpoint

    def check_entry(self, entry: bytes, checkpoint: Checkpoint) -> None:
        """Raise PeerError unless `entry` lies at `index` of the tree of `checkpoint`, which the caller trusts."""
        check_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.hashes, checkpoint.root)


@lru_cache(maxsize=16)  # the entries that were committed together share one checkpoint
def _check_note(note: bytes) -> None:
    Checkpoint.parse(read_note(note).text)


def encode_proof(proof: TlogProof) -> bytes:
    """The proof as `decode_proof` reads it."""
    return write_proof(proof.index, proof.hashes, proof.checkpoint_note, proof.extra)


def write_proof(index: int, hashes: Iterable[bytes], checkpoint_note: bytes, extra: bytes = b"") -> bytes:
    """The same of the parts of a TlogProof, for a log that has just made them: they are not checked."""
    lines = [_HEADER]
    if extra:
        lines.append(f"extra {base64_text(extra)}")
    lines += [f"index {index}", *map(base64_text, hashes), "", ""]
    content = "\n".join(lines).encode() + checkpoint_note
    if len(content) > MAX_PROOF_BYTES:
        raise PeerError(f"the proof has {len(content)} bytes; at most {MAX_PROOF_BYTES} are read")
    return content


def decode_proof(content: bytes) -> TlogProof:
    """The proof as it stands, nothing verified. Raises PeerError."""
    bounded_text(content, MAX_PROOF_BYTES, "the proof")
    head, blank, note = content.partition(b"\n\n")
    if not blank:
        raise PeerError("a proof needs an empty line between its hashes and its checkpoint")
    header, *lines = head.decode().split("\n")
    if header != _HEADER:
        raise PeerError(f"line 1 of a proof must be {_HEADER}")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = base64_bytes(lines.pop(0).removeprefix("extra "), "the extra line of the proof")
        if not extra:
            raise PeerError("the extra line of the proof is empty; a proof without extra data leaves it out")
    if not lines or not lines[0].startswith("index "):
        raise PeerError("a proof needs a line `index <number>` before its hashes")
    index = decimal(lines[0].removeprefix("index "), "the index of the proof")
    if len(lines) > 1 + MAX_HASHES:
        raise PeerError(f"the proof has {len(lines) - 1} hashes; at most {MAX_HASHES} lead to a root")
    hashes = (base64_hash(line, f"hash {number} of the proof") for number, line in enumerate(lines[1:], start=1))
    return TlogProof(index=index, hashes=tuple(hashes), checkpoint_note=note, extra=extra)
