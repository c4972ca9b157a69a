"""Bounded source of a log: given up once its pages, taken together, take too long or too much of the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import LogSource
from hansa_audit.fetching.places import Wanted
from hansa_core.errors import ConfigError

MOST_S = 600.0
"""Ten million entries come in less over a good line. Tiles that came are kept: a longer log comes in several rounds."""


DEFAULT_MAX_BYTES = 16 * 1024**3
"""Of the folder of one log: ten million entries take 11 GB."""


class BoundedSource:
    """`source`, which is asked for no page any more `MOST_S` after the first one, or once `room` bytes came.

    Any thread may ask.
    """

    def __init__(
        self, source: LogSource, seconds: Callable[[], float] = time.monotonic, *, room: int = DEFAULT_MAX_BYTES
    ) -> None:
        self.name, self.is_mirror, self.is_live = source.name, source.is_mirror, source.is_live
        self._source = source
        self._seconds = seconds
        self._lock = Lock()
        self._until: float | None = None
        self._room = room

    def get(self, path: str, limit: int) -> bytes:
        """As of the source; raises UnreachableError also where the time is over, ConfigError where the room is full."""
        now = self._seconds()
        with self._lock:
            self._until = until = now + MOST_S if self._until is None else self._until
        if now > until:
            raise UnreachableError(f"{self.name}: its pages take longer than {MOST_S:g} s together")
        content = self._source.get(path, limit)
        with self._lock:
            self._room -= len(content)
            if self._room < 0:
                raise ConfigError(f"{self.name}: the log takes more of the disk than --max-bytes allows; raise it")
        return content


def size_of(folder: Path) -> int:
    """How many bytes the files in a folder have; 0 where there is none."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file() and not each.is_symlink())


def bounded(wanted: Wanted, room: int) -> Wanted:
    """The same log from the same places, each of which holds a round up so long, and brings `room` bytes at most."""
    return replace(
        wanted,
        own=None if wanted.own is None else BoundedSource(wanted.own, room=room),
        mirrors=tuple(BoundedSource(mirror, room=room) for mirror in wanted.mirrors),
    )
