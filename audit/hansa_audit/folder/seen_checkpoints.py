"""Checkpoints that a log signed at other times, and whether they belong to the history in the folder.

Two signed roots prove two histories only where they exclude each other: at the same size they differ, or the larger
one demonstrably begins with another root than the smaller one. An earlier state of the same log proves nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from hansa_audit.folder.log_folder import CONTRADICTING, LogFolder
from hansa_core.documents.strict_json import read_object
from hansa_core.errors import ConfigError, PeerError
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import HashReader, consistency_proof, root_of
from hansa_core.tlog.merkle_checks import check_consistency
from hansa_core.tlog.note import MAX_NOTE_BYTES, VerifierKey
from hansa_core.tlog.proof import MAX_HASHES

_CHECKPOINT, _BEGINNING = ".checkpoint", ".beginning.json"
_MAX_BEGINNING_BYTES = 16 * 1024


class History(Enum):
    """How a signed checkpoint stands to the log in the folder."""

    SAME = "same"  # an earlier state of it
    OTHER = "other"  # both roots are signed, and they exclude each other
    UNKNOWN = "unknown"  # it is larger than the log in the folder: more entries have to be fetched first


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Proof of the root that the first `size` entries of a larger checkpoint have. `hashes`: RFC 6962, 2.1.2."""

    size: int
    root: bytes
    hashes: tuple[bytes, ...]

    @classmethod
    def of(cls, size: int, checkpoint: Checkpoint, read: HashReader) -> Beginning:
        """The beginning of the tree that `read` knows, which has the checkpoint's root."""
        return cls(size=size, root=root_of(size, read), hashes=consistency_proof(size, checkpoint.size, read))

    @classmethod
    def decode(cls, content: bytes) -> Beginning:
        """Raises PeerError unless it is one that `encode` wrote; nothing is verified."""
        document = read_object(content, "the proof of a beginning").require(("size", "root", "hashes"))
        size, root, hashes = document.whole("size"), document.text("root"), document.texts("hashes")
        if len(hashes) > MAX_HASHES:
            raise PeerError(f"the proof of a beginning has {len(hashes)} hashes; at most {MAX_HASHES} lead to a root")
        try:
            return cls(size=size, root=bytes.fromhex(root), hashes=tuple(map(bytes.fromhex, hashes)))
        except ValueError:
            raise PeerError("the proof of a beginning needs hashes in hexadecimal digits") from None

    def encode(self) -> bytes:
        said = {"size": self.size, "root": self.root.hex(), "hashes": [each.hex() for each in self.hashes]}
        return json.dumps(said, indent=1).encode()

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise PeerError unless the checkpoint's tree begins so."""
        check_consistency(self.size, checkpoint.size, self.hashes, self.root, checkpoint.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheckpoint:
    """A checkpoint whose signature by the log's key holds. `beginning`: verified against it; None: not known."""

    file: str
    checkpoint: Checkpoint
    beginning: Beginning | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """At which sizes the root of the folder's log decides."""
        return (self.checkpoint.size, *(() if self.beginning is None else (self.beginning.size,)))

    def judge(self, size: int, root_at: Callable[[int], bytes | None]) -> History:
        """Against a log of `size` entries. `root_at`: its root over its first so many entries; None: not known."""
        if self.checkpoint.size <= size:
            return _compare(self.checkpoint.root, root_at(self.checkpoint.size))
        if self.beginning is not None and self.beginning.size <= size:
            known = _compare(self.beginning.root, root_at(self.beginning.size))
            return History.OTHER if known is History.OTHER else History.UNKNOWN
        return History.UNKNOWN


def keep_contradicting(folder: LogFolder, note: bytes, beginning: Beginning | None = None) -> str:
    """Keep a checkpoint that excludes the folder's, and the proof of it where roots alone do not show it."""
    name = f"{CONTRADICTING}/{hashlib.sha256(note).hexdigest()[:16]}"
    if beginning is not None:
        folder.write(f"{name}{_BEGINNING}", beginning.encode())
    folder.write(f"{name}{_CHECKPOINT}", note)
    return f"{name}{_CHECKPOINT}"


def contradicting_files(folder: LogFolder) -> Iterator[str]:
    """The checkpoints that were kept. Proofs of beginnings are read with them."""
    return (name for name in folder.names(CONTRADICTING) if not name.endswith(_BEGINNING))


def read_contradicting(folder: LogFolder, file: str, log_key: VerifierKey) -> SeenCheckpoint:
    """A checkpoint that was kept, with what proves it. Raises PeerError where it does not hold by itself."""
    checkpoint = open_checkpoint(folder.read(file, MAX_NOTE_BYTES), log_key)
    proof = file.removesuffix(_CHECKPOINT) + _BEGINNING
    if not folder.has(proof):
        return SeenCheckpoint(file=file, checkpoint=checkpoint)
    beginning = Beginning.decode(folder.read(proof, _MAX_BEGINNING_BYTES))
    beginning.check(checkpoint)
    return SeenCheckpoint(file=file, checkpoint=checkpoint, beginning=beginning)


def withdraw(
    folder: LogFolder, log_key: VerifierKey, size: int, root_at: Callable[[int], bytes | None]
) -> Iterator[str]:
    """Take away each kept checkpoint that turns out to be of the folder's own history, and say so."""
    for file in list(islice(contradicting_files(folder), 1000)):
        try:
            seen = read_contradicting(folder, file, log_key)
        except (ConfigError, PeerError):
            continue  # `hansa audit verify` names it
        if seen.judge(size, root_at) is History.SAME:
            folder.remove(file)
            folder.remove(file.removesuffix(_CHECKPOINT) + _BEGINNING)
            yield (
                f"{file}: withdrawn: it is an earlier state of the same log, {seen.checkpoint.size} entries, "
                "and contradicts nothing"
            )


def _compare(signed: bytes, ours: bytes | None) -> History:
    if ours is None:
        return History.UNKNOWN
    return History.SAME if signed == ours else History.OTHER
