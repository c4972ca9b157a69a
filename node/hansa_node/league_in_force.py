"""League in force: the roster that one question is answered under, swapped whole between two questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hansa_core.evidence.body import RosterRef
from hansa_core.league.roster import Roster, roster_hash
from hansa_core.policy.decide import LeagueRules


@dataclass(frozen=True, slots=True, kw_only=True)
class LeagueInForce:
    """What `city` takes from one roster. A question keeps the value it was verified under to its end.

    `rules`: what `decide` asks of it. `roster_ref`: how log entries name the roster. `coordinators`: names by the
    pins of the TLS keys that may call the node.
    """

    city: str
    roster: Roster
    rules: LeagueRules = field(init=False)
    roster_ref: RosterRef = field(init=False)
    coordinators: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        roster = self.roster
        rules = LeagueRules(
            city=self.city, name=roster.league, purposes=frozenset(roster.purposes), roster_expires=roster.expires
        )
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "roster_ref", RosterRef(version=roster.version, hash=roster_hash(roster)))
        object.__setattr__(self, "coordinators", {entry.tls_spki: entry.name for entry in roster.coordinators})
