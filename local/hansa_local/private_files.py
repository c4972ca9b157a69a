"""How is a file of a league written: whole or not at all, and secret where it holds a key?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hansa.league.layout import LeagueLayout
from hansa_core.errors import ConfigError


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


@contextmanager
def claimed(layout: LeagueLayout) -> Iterator[None]:
    """An empty or absent folder, to be filled; if that fails, what was written is taken away again.

    Raises ConfigError if the folder holds anything, or if the disk refuses.
    """
    root = layout.root
    existed = root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise ConfigError(f"{root}: is not empty; name a new or an empty folder for the league")
        # The first folder of two racing commands wins; the other one fails here, before it could take anything away.
        make_private_folder(layout.governance)
    except OSError as failure:
        raise ConfigError(f"{root}: cannot hold a league ({failure.strerror}); name another folder") from failure
    try:
        yield
    except BaseException as error:
        _take_away(layout, root_too=not existed)
        if isinstance(error, OSError):
            raise ConfigError(
                f"{error.filename or root}: cannot be written ({error.strerror}); make room or name another folder"
            ) from error
        raise


def _write(path: Path, content: bytes, *, mode: int) -> None:
    # A crash before the rename leaves a `.new` file, which nothing reads, and never half a key under its name.
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _take_away(layout: LeagueLayout, *, root_too: bool) -> None:
    for path in layout.everything():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.new").unlink(missing_ok=True)
    if root_too:
        with suppress(OSError):  # somebody else's file in it stays
            layout.root.rmdir()
