"""Roster file of a running process: whether it holds a newer roster than the one in force, or is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster, roster_hash
from hansa_local.trust_anchor import TrustAnchor, UntrustedRosterError, load_roster

log = logging.getLogger(__name__)

_REMEDY = "the roster in force stays; put the newest roster that the governors published in its place"


@dataclass(frozen=True, slots=True)
class _FileStamp:
    """What tells one state of a file from another without reading it. `ctime_ns`: nobody can set it back."""

    mtime_ns: int
    ctime_ns: int
    size: int
    inode: int


class RosterFollower:
    """Looks whether the file of `anchor` holds a newer roster than the one in force, at first `in_force`.

    `clock`: naive UTC. One thread at a time may look and accept. A file that is refused is told once in the log, and
    never raises.
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
        stamp = self._stamp()
        if stamp is None or stamp != self._seen:
            try:
                self._newer = self._read()
                self._refused = None
            except UntrustedRosterError as refused:
                self._tell(str(refused))
            except ConfigError as unreadable:
                stamp = None  # it may be readable the next time, as it is
                self._tell(str(unreadable))
            self._seen = stamp  # only now: `is_settled` may be asked by another thread
        return self._newer

    def is_settled(self) -> bool:
        """Whether the file is as it was at the last look, and no newer roster waits to be accepted. For any thread."""
        stamp = self._stamp()
        return stamp is not None and stamp == self._seen and self._newer is None

    def accept(self, roster: Roster) -> None:
        """From now on `roster` is in force, and only a newer one follows it."""
        self._in_force = roster
        self._newer = None
        log.info("roster in force", extra={"league": roster.league, "version": roster.version})

    def _stamp(self) -> _FileStamp | None:
        try:
            found = self._anchor.roster.stat()
        except OSError:
            return None  # reading it says why
        return _FileStamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)

    def _read(self) -> Roster | None:
        """The file's roster if it is newer. Raises ConfigError: UntrustedRosterError where it was read."""
        self._newer = None
        path, known, found = self._anchor.roster, self._in_force, load_roster(self._anchor, self._clock())
        if found.league != known.league:
            raise UntrustedRosterError(f"{path}: is the roster of {found.league}, and this is {known.league}")
        if found.version < known.version:
            raise UntrustedRosterError(
                f"{path}: is version {found.version}, older than {known.version}, which is in force"
            )
        if found.version > known.version:
            return found
        if roster_hash(found) != roster_hash(known):
            raise UntrustedRosterError(f"{path}: is another roster under the version in force, {known.version}")
        return None

    def _tell(self, reason: str) -> None:
        if reason != self._refused:
            log.error("roster refused", extra={"reason": reason, "remedy": _REMEDY})
        self._refused = reason
