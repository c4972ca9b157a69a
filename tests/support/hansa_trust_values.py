"""Rosters and their holders' keys for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_league.founding.addresses import Address
from hansa_league.founding.holders import CityHolder, CoordinatorHolder
from hansa_league.keys.certificates import Validity

NOW = datetime(2026, 5, 1, 12, 0, 0)
CONTRACT = ContractId("housing.permits", 1)
VALIDITY = Validity(not_before=NOW - timedelta(days=1), not_after=NOW + timedelta(days=30))


@dataclass(frozen=True)
class League:
    """A roster with the private keys of those whom it names."""

    roster: Roster
    holders: tuple[CityHolder, ...]

    def signed(self, *, by: int | None = None, **changes: Any) -> Envelope:
        """The roster with `changes`, signed by the first `by` governors (all by default)."""
        signers = [holder.governance_key for holder in self.holders[:by]]
        return sign(payload_types.ROSTER, roster_payload(replace(self.roster, **changes)), *signers)

    def holder(self, city: str) -> CityHolder:
        return next(holder for holder in self.holders if holder.city == city)


def league_of(*cities: str) -> League:
    """A league of those cities, each a governor, with a majority as threshold."""
    holders = tuple(CityHolder(city, VALIDITY) for city in cities)
    roster = Roster(
        league="hanse",
        version=1,
        expires=VALIDITY.not_after,
        purposes=("statistics", "housing-policy"),
        contracts={CONTRACT: "ab" * 32},
        governance_keys=tuple(holder.governance_key.public_key for holder in holders),
        governance_threshold=len(holders) // 2 + 1,
        witness_threshold=len(holders) // 2,
        coordinators=(CoordinatorHolder.new("coordinator", VALIDITY).entry(host="127.0.0.1", port=7400),),
        members=tuple(
            holder.member(at=Address(host="127.0.0.1", port=7401 + index, log_port=8401 + index), contracts=(CONTRACT,))
            for index, holder in enumerate(holders)
        ),
    )
    return League(roster, holders)
