"""Witness status: whether the node may answer, given what its witnesses have said of its log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hansa_core.errors import RefusedError
from hansa_core.league.outages import DEFAULT_MAX_UNWITNESSED

ASKERS_TOLD_AFTER = timedelta(hours=1)
"""How long the log may stand without a quorum before each answer says so."""


@dataclass(slots=True)
class WitnessStatus:
    """What the witnesses make of this log. One event loop changes it.

    `max_unwitnessed`: how long the log may stand without a quorum over all of it. `is_confirmed`: enough witnesses
    were heard since the start, and none knows a later log. `uncovered_since`: the time of the first entry that no
    quorum covers; None: all are covered, or the league has no witnesses.
    """

    max_unwitnessed: timedelta = DEFAULT_MAX_UNWITNESSED
    is_confirmed: bool = False
    uncovered_since: datetime | None = None

    def is_unwitnessed(self, now: datetime) -> bool:
        """Whether the log has stood for too long without a quorum over all of it."""
        return self.uncovered_since is not None and now - self.uncovered_since > self.max_unwitnessed

    def told_to_askers(self, now: datetime) -> datetime | None:
        """Since when there is no quorum over all of the log, once that is long enough for askers to be told."""
        since = self.uncovered_since
        return since if since is not None and now - since > ASKERS_TOLD_AFTER else None

    def check(self, now: datetime) -> None:
        """Raise RefusedError `awaiting_witnesses` or `unwitnessed` while nothing may be answered.

        It goes back unsigned: what is signed has to be logged first, and the log may not grow.
        """
        if not self.is_confirmed:
            raise RefusedError(
                "awaiting_witnesses",
                "the city answers once its witnesses have said that they know no later state of its log",
                "ask again in a minute",
            )
        if self.is_unwitnessed(now):
            raise RefusedError(
                "unwitnessed",
                f"no quorum of witnesses has cosigned the city's log for {self.max_unwitnessed.total_seconds():.0f} s",
                "ask again later: the city's operator has to see to its witnesses",
            )
