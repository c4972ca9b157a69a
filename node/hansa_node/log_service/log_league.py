"""Log league: what the log service takes from the league in force, made anew for each roster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hansa_core.league.witnesses import log_vkey, tlog_policy
from hansa_core.tlog.note import VerifierKey
from hansa_core.tlog.policy import TlogPolicy
from hansa_local.expiry import ExpiryWatch
from hansa_node.clock import Clock
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log_service.visitors import Visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPeersInForce:
    """Whom the log service knows, by one roster.

    `mirrored`: whom to believe about each city whose entries may be kept here. `log_keys`: of their logs, by origin.
    """

    visitors: Visitors
    mirrored: Mapping[str, TlogPolicy]
    log_keys: Mapping[str, VerifierKey]


class LogLeague:
    """Gives what follows from the league in force at each moment. Its member may be used from any thread."""

    def __init__(self, league: CurrentLeague, expiry: ExpiryWatch, clock: Clock) -> None:
        self._league = league
        self._expiry = expiry
        self._clock = clock
        self._made = (league.now, self._peers_of(league.now))

    @property
    def now(self) -> LogPeersInForce:
        """By the roster in force."""
        league = self._league.now
        if self._made[0] is not league:
            self._made = (league, self._peers_of(league))
        return self._made[1]

    def _peers_of(self, league: LeagueInForce) -> LogPeersInForce:
        others = [member for member in league.roster.members if member.city != league.city]
        keys = [log_vkey(member) for member in others]
        return LogPeersInForce(
            visitors=Visitors(league.roster, self._expiry, self._clock),
            mirrored={member.city: tlog_policy(league.roster, member.city) for member in others},
            log_keys={key.name: key for key in keys},
        )
