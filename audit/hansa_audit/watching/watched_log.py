"""State of one watched log after a round: sound, stale, not reached, not allowed, blocked, unsound or forked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hansa_core.documents.canonical_json import JsonValue


class WatchState(StrEnum):
    """From the best to the worst. Only the last two speak against a city, and only a fork proves it.

    An outage: the city does not answer. Not allowed: it shows its log to others, and not to this auditor. Blocked: the
    auditor's own limit, disk or folder stands in the way.
    """

    SOUND = "sound"
    STALE = "stale"
    OUTAGE = "outage"
    NOT_ALLOWED = "not allowed"
    BLOCKED = "blocked"
    UNSOUND = "unsound"
    FORK = "fork"

    @property
    def exit_code(self) -> int:
        """What a round ends with whose worst log is in this state."""
        return _EXIT_CODES[self]

    @property
    def badness(self) -> int:
        """0 for sound, more for each worse state."""
        return list(WatchState).index(self)


_EXIT_CODES = {
    WatchState.SOUND: 0,
    WatchState.OUTAGE: 4,
    WatchState.NOT_ALLOWED: 2,
    WatchState.BLOCKED: 2,
    WatchState.UNSOUND: 5,
    WatchState.FORK: 5,
    WatchState.STALE: 6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLog:
    """One log in one round. `text`: the reason, for a person. `size`, `root` (hex): what the folder holds, if any."""

    city: str
    state: WatchState
    text: str
    size: int | None = None
    root: str | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """The state as an object of the history and of an alert."""
        return {
            "city": self.city,
            "state": self.state.value,
            "text": self.text,
            "size": self.size,
            "root": self.root,
        }


def worst(states: tuple[WatchedLog, ...]) -> WatchState:
    """The worst state of a round; sound where nothing is watched."""
    return max((each.state for each in states), key=lambda state: state.badness, default=WatchState.SOUND)
