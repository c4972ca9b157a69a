"""Folder of a standing watch: a fetched log for each city, the history of its states, and what was alerted.

<city>/          the log, as `hansa audit fetch` writes it
status.json      the states of the last round, and of which of them somebody was told
history.jsonl    one line for each change of a log's state, size or root, as JSON
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hansa_audit.folder.log_folder import LogFolder
from hansa_audit.watching.watched_log import WatchedLog, WatchState
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.documents.strict_json import read_object, time_text
from hansa_core.errors import ConfigError, PeerError

STATUS, HISTORY = "status.json", "history.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What earlier rounds left. `states`: of the last one, by city. `alerted`: of which state somebody was told."""

    states: Mapping[str, WatchedLog] = field(default_factory=dict)
    alerted: Mapping[str, WatchState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchFolder:
    """Files of one watch below `root`."""

    root: Path

    def log_of(self, city: str) -> Path:
        """Where the city's log lies."""
        return self.root / city

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """Make the folder and lock it; the kernel lets go of it even after kill -9. Raises ConfigError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as failure:
            raise ConfigError(f"--dir {self.root}: cannot be used ({failure.strerror}); name another folder") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise ConfigError(f"--dir {self.root}: another watch uses it; stop that one, or name another") from None
        finally:
            os.close(descriptor)

    def remembered(self) -> Remembered:
        """What the last round left; nothing before the first. Raises ConfigError for a file that was changed."""
        if not (self.root / STATUS).exists():
            return Remembered()
        try:
            return _read_status(LogFolder(self.root).read(STATUS))
        except (PeerError, KeyError, TypeError, ValueError):
            raise ConfigError(
                f"{self.root / STATUS}: is not what a watch writes; take it away, and states are judged and told anew"
            ) from None

    def write(self, states: tuple[WatchedLog, ...], remembered: Remembered, now: datetime) -> None:
        """Keep the round: a line of history for each change, and the status whole or not at all. Raises ConfigError."""
        changed = [each for each in states if remembered.states.get(each.city) != each]
        lines = "".join(f"{json.dumps({'at': time_text(now), **each.to_json()})}\n" for each in changed)
        if lines:
            try:
                with open(self.root / HISTORY, "a", encoding="ascii") as history:
                    history.write(lines)
                    history.flush()
                    os.fsync(history.fileno())
            except OSError as failure:
                raise ConfigError(f"{self.root / HISTORY}: cannot be written ({failure.strerror})") from None
        self._write_status(states, remembered.alerted, now)

    def note_alerted(self, states: tuple[WatchedLog, ...], alerted: Mapping[str, WatchState], now: datetime) -> None:
        """Keep of which states somebody was told. Raises ConfigError."""
        self._write_status(states, alerted, now)

    def _write_status(self, states: tuple[WatchedLog, ...], alerted: Mapping[str, WatchState], now: datetime) -> None:
        status = {
            "at": time_text(now),
            "cities": [each.to_json() for each in states],
            "alerted": {city: state.value for city, state in alerted.items()},
        }
        LogFolder(self.root).write(STATUS, canonical_json(status))


def _read_status(content: bytes) -> Remembered:
    values: dict[str, Any] = dict(read_object(content, STATUS).values)
    states = [WatchedLog(**{**each, "state": WatchState(each["state"])}) for each in values["cities"]]
    return Remembered(
        states={each.city: each for each in states},
        alerted={city: WatchState(state) for city, state in values["alerted"].items()},
    )
