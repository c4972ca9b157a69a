"""Bounded source of a log: given up once its pages, taken together, take longer than a round can wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import LogSource
from hansa_audit.fetching.places import Wanted

MOST_S = 600.0
"""Ten million entries come in less over a good line. Tiles that came are kept: a longer log comes in several rounds."""


class BoundedSource:
    """`source`, which is asked for no page any more `MOST_S` after the first one. Any thread may ask."""

    def __init__(self, source: LogSource, seconds: Callable[[], float] = time.monotonic) -> None:
        self.name, self.is_mirror, self.is_live = source.name, source.is_mirror, source.is_live
        self._source = source
        self._seconds = seconds
        self._lock = Lock()
        self._until: float | None = None

    def get(self, path: str, limit: int) -> bytes:
        """As of the source; raises UnreachableError also where the time is over."""
        now = self._seconds()
        with self._lock:
            self._until = until = now + MOST_S if self._until is None else self._until
        if now > until:
            raise UnreachableError(f"{self.name}: its pages take longer than {MOST_S:g} s together")
        return self._source.get(path, limit)


def bounded(wanted: Wanted) -> Wanted:
    """The same log from the same places, each of which holds up a round for so long and no longer."""
    return replace(
        wanted,
        own=None if wanted.own is None else BoundedSource(wanted.own),
        mirrors=tuple(map(BoundedSource, wanted.mirrors)),
    )
