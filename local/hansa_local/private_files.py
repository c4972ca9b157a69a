"""Writes files whole or not at all, with mode 0600 where they hold a key."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read: mode 0600 from its first byte on."""
    _write(path, content, mode=0o600)


def write_public(path: Path, content: bytes) -> None:
    """Write a file that anyone may read who can reach its folder."""
    _write(path, content, mode=0o644)


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner can enter; the folders above it are ordinary ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    # A crash before the rename leaves a `.new` file, which nothing reads, and never half a key under its name.
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)  # of a write that was killed
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
