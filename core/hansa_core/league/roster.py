"""The roster: the quorum-signed list of a league's members, and the conditions under which it is accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from hansa_core.contract.ids import ContractId
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.documents.strict_json import JsonObject, read_object, time_text
from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.members import (
    CoordinatorEntry,
    Member,
    Peer,
    coordinator_from_json,
    coordinator_to_json,
    member_from_json,
    member_to_json,
)
from hansa_core.league.names import check_distinct, check_purpose, check_shown_text
from hansa_core.nearest import nearest, shown
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.keys import check_public_key, is_sha256_hex, public_key_id, read_public_keys

__all__ = [
    "CoordinatorEntry",
    "Member",
    "Roster",
    "RosterSource",
    "roster_from_envelope",
    "roster_hash",
    "roster_payload",
]

_FIELDS = (
    "league",
    "version",
    "expires",
    "purposes",
    "contracts",
    "governance_keys",
    "governance_threshold",
    "witness_threshold",
    "coordinators",
    "members",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The members, keys and contracts that a quorum of governors signed. `expires`: naive UTC, whole seconds.

    `contracts`: lower-case hex SHA-256 of each contract's file. `governance_keys`, `governance_threshold`: how many of
    which raw Ed25519 public keys sign a roster. `witness_threshold`: how many other cities cosign a log before it is
    believed, where so many can; 0: nobody witnesses.
    """

    league: str
    version: int
    expires: datetime
    purposes: tuple[str, ...]
    contracts: Mapping[ContractId, str]
    governance_keys: tuple[bytes, ...]
    governance_threshold: int
    witness_threshold: int
    coordinators: tuple[CoordinatorEntry, ...]
    members: tuple[Member, ...]
    _by_city: Mapping[str, Member] = field(init=False, repr=False, compare=False)
    _by_credential_key: Mapping[str, Member] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "contracts", MappingProxyType(dict(self.contracts)))
        object.__setattr__(self, "_by_city", {member.city: member for member in self.members})
        by_key = {public_key_id(member.credential_key): member for member in self.members}
        object.__setattr__(self, "_by_credential_key", by_key)
        self._check_words()
        self._check_thresholds()
        self._check_nobody_shares()

    @property
    def cities(self) -> tuple[str, ...]:
        """All member cities, sorted."""
        return tuple(sorted(self._by_city))

    def cities_serving(self, contract: ContractId) -> tuple[str, ...]:
        """The cities that serve `contract`, sorted."""
        return tuple(sorted(member.city for member in self.members if contract in member.contracts))

    def member(self, city: str) -> Member:
        """The member of that name. Raises RefusedError `unknown_city`."""
        member = self._by_city.get(city)
        if member is None:
            rule = f"{shown(city)} is no city of the league"
            raise RefusedError("unknown_city", rule, nearest(city, self._by_city), "city")
        return member

    def issuer(self, keyid: str) -> Member | None:
        """The member whose credential key has that id."""
        return self._by_credential_key.get(keyid)

    def coordinator(self, name: str | None = None) -> CoordinatorEntry:
        """The coordinator of that name, or the first. Raises RefusedError `unknown_coordinator`."""
        for entry in self.coordinators:
            if name is None or entry.name == name:
                return entry
        rule = f"{shown(str(name))} is no coordinator of the league"
        remedy = nearest(str(name), [entry.name for entry in self.coordinators])
        raise RefusedError("unknown_coordinator", rule, remedy, "coordinator")

    def _check_words(self) -> None:
        check_shown_text(self.league, "league")
        if self.version < 1:
            raise ValueError(f"version is {self.version}; it must be 1 or more")
        if self.expires.tzinfo is not None or self.expires.microsecond:
            raise ValueError("expires must be naive UTC in whole seconds")
        for purpose in self.purposes:
            check_purpose(purpose, "purposes")
        check_distinct(self.purposes, "purposes")
        for contract, digest in self.contracts.items():
            if not is_sha256_hex(digest):
                raise ValueError(f"contracts: the hash of {contract} must be 64 lower-case hex digits")
        for member in self.members:
            for contract in member.contracts:
                if contract not in self.contracts:
                    raise ValueError(f"{member.city} serves {contract}, which is no contract of the league")

    def _check_thresholds(self) -> None:
        for key in self.governance_keys:
            check_public_key(key, "governance_keys")
        if not 1 <= self.governance_threshold <= len(self.governance_keys):
            raise ValueError("governance_threshold must be 1 to the number of governance_keys")
        if self.witness_threshold < 0:
            raise ValueError(f"witness_threshold is {self.witness_threshold}; it must be 0 or more")

    def _check_nobody_shares(self) -> None:
        """One key, one role, one holder, one name: who could speak for two would be believed as either."""
        if not self.purposes or not self.coordinators or not self.members:
            raise ValueError("a league needs at least one purpose, one coordinator and one member")
        check_distinct(tuple(member.city for member in self.members), "city")
        check_distinct(tuple(entry.name for entry in self.coordinators), "coordinators.name")
        check_distinct(tuple(member.log_origin for member in self.members), "log_origin")
        check_distinct(tuple(member.witness_name for member in self.members), "the names of witnesses")
        peers: tuple[Peer, ...] = (*self.coordinators, *self.members)
        check_distinct(tuple(peer.tls_spki for peer in peers), "tls_spki")
        check_distinct(tuple(peer.ca_pem for peer in peers), "ca_pem")
        held = tuple(key for member in self.members for key in member.keys.values())
        check_distinct((*self.governance_keys, *held), "the keys of governance, answers, credentials, logs, witnesses")


class RosterSource(Protocol):
    """Where a roster comes from. The one rule of every source: what `load` returns has been verified."""

    def load(self, now: datetime) -> Roster:
        """The roster in force at `now` (naive UTC). Raises PeerError if it cannot be trusted, ConfigError if absent."""


def roster_from_envelope(
    envelope: Envelope, governance_keys: Collection[bytes], threshold: int, now: datetime
) -> Roster:
    """The roster, if `threshold` of the trusted raw `governance_keys` signed it and it is in force at `now`.

    The keys and threshold that it names must be the trusted ones: a lowered threshold on either side stops here.
    Raises PeerError.
    """
    document = read_object(verify(envelope, payload_types.ROSTER, governance_keys, threshold=threshold), "roster")
    try:
        roster = _roster_from_json(document.require(_FIELDS))
    except ValueError as error:
        raise PeerError(f"roster: {error}") from error
    if set(roster.governance_keys) != set(governance_keys) or roster.governance_threshold != threshold:
        raise PeerError("roster: its governance_keys or governance_threshold are not the ones trusted here")
    if now >= roster.expires:
        raise PeerError(f"roster: expired at {time_text(roster.expires)}; ask the league's governors for the newest")
    return roster


def roster_payload(roster: Roster) -> bytes:
    """What the governors sign: RFC 8785 JSON."""
    return canonical_json(
        {
            "league": roster.league,
            "version": roster.version,
            "expires": time_text(roster.expires),
            "purposes": list(roster.purposes),
            "contracts": {str(contract): digest for contract, digest in roster.contracts.items()},
            "governance_keys": [key.hex() for key in roster.governance_keys],
            "governance_threshold": roster.governance_threshold,
            "witness_threshold": roster.witness_threshold,
            "coordinators": [coordinator_to_json(entry) for entry in roster.coordinators],
            "members": [member_to_json(member) for member in roster.members],
        }
    )


def roster_hash(roster: Roster) -> str:
    """Lower-case hex SHA-256 of what the governors sign."""
    return hashlib.sha256(roster_payload(roster)).hexdigest()


def _roster_from_json(document: JsonObject) -> Roster:
    contracts = document.inner("contracts")
    return Roster(
        league=document.text("league"),
        version=document.whole("version"),
        expires=document.time("expires"),
        purposes=document.texts("purposes"),
        contracts={ContractId.parse(name): contracts.text(name) for name in contracts.values},
        governance_keys=read_public_keys(document, "governance_keys"),
        governance_threshold=document.whole("governance_threshold"),
        witness_threshold=document.whole("witness_threshold"),
        coordinators=tuple(coordinator_from_json(entry) for entry in document.objects("coordinators")),
        members=tuple(member_from_json(entry) for entry in document.objects("members")),
    )
