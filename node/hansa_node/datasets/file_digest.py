"""Digest of a dataset file: its SHA-256 as ingest took it, compared with what lies on the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from hansa_node.engines.unreadable import DataUnavailableError


@dataclass(frozen=True, slots=True)
class FileState:
    """Changes whenever a file is replaced or written to. `modified_ns`: since the start of 1970."""

    inode: int
    size: int
    modified_ns: int


def state_of(path: Path) -> FileState | None:
    """The state of the file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileState(found.st_ino, found.st_size, found.st_mtime_ns)


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in lower-case hex. Raises OSError."""
    with path.open("rb") as file:
        return digest_of(file)


def digest_of(stream: BufferedReader) -> str:
    """The SHA-256 of what is left to read, in lower-case hex. Raises OSError."""
    return hashlib.file_digest(stream, "sha256").hexdigest()


def check_digest(path: Path, sha256: str) -> None:
    """Raise DataUnavailableError where the file is not byte for byte what was digested, or cannot be read."""
    try:
        found = sha256_of(path)
    except OSError as failure:
        raise DataUnavailableError(
            f"{path}: cannot be read ({failure.strerror}); check the disk, and put the file back, readable for the"
            " node's user"
        ) from None
    if found != sha256:
        raise DataUnavailableError(
            f"{path}: is not what ingest wrote there, by its SHA-256; check the disk, and run `hansa node ingest`"
            " again, or put an intact copy back"
        )
