"""Current league: the league in force at this moment, which a newer roster replaces while the node runs."""

from __future__ import annotations

from hansa_node.league_in_force import LeagueInForce


class CurrentLeague:
    """Holds the league in force. Whoever needs one state for several steps takes `now` once.

    Every member may be used from any thread.
    """

    def __init__(self, league: LeagueInForce) -> None:
        self._now = league

    @property
    def now(self) -> LeagueInForce:
        """The league in force."""
        return self._now

    def swap(self, league: LeagueInForce) -> None:
        """Put `league` in force. The log has to have told of its roster before."""
        self._now = league

    def coordinator_of(self, tls_spki: str) -> str | None:
        """Which coordinator has the pin now; None: none has."""
        return self._now.coordinators.get(tls_spki)
