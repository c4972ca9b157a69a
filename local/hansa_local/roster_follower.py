"""Roster file of a running process: whether it holds a newer roster than the one in force, or is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster, roster_hash
from hansa_local.trust_anchor import TrustAnchor, load_roster

log = logging.getLogger(__name__)

_REMEDY = "the roster in force stays; put the newest roster that the governors published in its place"


@dataclass(frozen=True, slots=True)
class _FileStamp:
    """What tells one state of a file from another without reading it."""

    mtime_ns: int
    size: int
    inode: int


class RosterFollower:
    """Looks whether the file of `anchor` holds a newer roster than the one in force, at first `in_force`.

    `clock`: naive UTC. Not safe for threads. A file that is refused is told once in the log, and never raises.
    """

    def __init__(self, anchor: TrustAnchor, in_force: Roster, clock: Callable[[], datetime]) -> None:
        self._anchor = anchor
        self._clock = clock
        self._in_force = in_force
        self._seen: _FileStamp | None = None  # the first look reads: the file may have changed since it was loaded
        self._newer: Roster | None = None
        self._refused: str | None = None

    def look(self) -> Roster | None:
        """The newer, verified roster until `accept` takes it; None where there is none. Reads only a changed file."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._newer = None
                self._seen = stamp
                self._newer = self._read()
                self._refused = None
        except ConfigError as refused:
            self._tell(str(refused))
        return self._newer

    def accept(self, roster: Roster) -> None:
        """From now on `roster` is in force, and only a newer one follows it."""
        self._in_force = roster
        self._newer = None
        log.info("roster in force", extra={"league": roster.league, "version": roster.version})

    def _stamp(self) -> _FileStamp:
        try:
            found = self._anchor.roster.stat()
        except OSError as failure:
            self._seen = self._newer = None
            raise ConfigError(f"{self._anchor.roster}: cannot be read ({failure.strerror})") from None
        return _FileStamp(found.st_mtime_ns, found.st_size, found.st_ino)

    def _read(self) -> Roster | None:
        """The file's roster if it is newer. Raises ConfigError where it may not follow the one in force."""
        known, found = self._in_force, load_roster(self._anchor, self._clock())
        if found.league != known.league:
            raise ConfigError(f"{self._anchor.roster}: is the roster of {found.league}, and this is {known.league}")
        if found.version < known.version:
            raise ConfigError(
                f"{self._anchor.roster}: is version {found.version}, older than {known.version}, which is in force"
            )
        if found.version > known.version:
            return found
        if roster_hash(found) != roster_hash(known):
            raise ConfigError(f"{self._anchor.roster}: is another roster under the version in force, {known.version}")
        return None

    def _tell(self, reason: str) -> None:
        if reason != self._refused:
            log.error("roster refused", extra={"reason": reason, "remedy": _REMEDY})
        self._refused = reason
