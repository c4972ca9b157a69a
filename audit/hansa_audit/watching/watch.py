"""A standing watch: rounds until it is stopped, each state kept, each change told to people."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from hansa_audit.watching.alerts import Alert, AlertTarget
from hansa_audit.watching.watch_folder import Remembered, WatchFolder
from hansa_audit.watching.watch_round import WatchRound
from hansa_audit.watching.watched_log import WatchedLog, WatchState, worst
from hansa_local.clock import utc_now


class Teller(Protocol):
    """Shows lines to whoever runs the watch."""

    def state(self, state: WatchedLog) -> None:
        """The state of one log in this round."""

    def trouble(self, text: str) -> None:
        """An alert that did not arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, who is told, and where it is kept."""

    round: WatchRound
    target: AlertTarget
    teller: Teller

    @property
    def folder(self) -> WatchFolder:
        """Where states and logs are kept."""
        return self.round.folder

    def run(self, every_s: int | None) -> WatchState:
        """One round, or one every so many seconds until SIGTERM or SIGINT; returns the worst state of the last one.

        Raises ConfigError where the profile, the roster or the auditor's own disk is at fault.
        """
        with self.folder.held_alone(), _stopped_by_signals() as stopped:
            while True:
                state = self._once()
                if every_s is None or stopped.wait(every_s):
                    return state

    def _once(self) -> WatchState:
        now = utc_now()
        remembered = self.folder.remembered()
        states = self.round.run(now)
        self.folder.write(states, remembered, now)
        alerted = dict(remembered.alerted)
        for each in states:
            self.teller.state(each)
            if self._is_told(each, remembered):
                alerted[each.city] = each.state
        self.folder.note_alerted(states, alerted, now)
        return worst(states)

    def _is_told(self, state: WatchedLog, remembered: Remembered) -> bool:
        """Tell it, if it is another state than the one that was told last. A log that was never told of is sound."""
        before = remembered.alerted.get(state.city, WatchState.SOUND)
        if state.state is before:
            return False
        alert = Alert(league=self.round.profile.league, before=before, now=state)
        failure = self.target.tell(alert)
        if failure is not None:
            self.teller.trouble(f"{failure}; {state.city} is {state.state.value}, and it is told again next time")
        return failure is None


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, so that a round ends whole."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
