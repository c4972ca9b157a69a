"""Messages between a coordinator and a peer that attached to it: calls one way, presence the other way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hansa_core.signing.dsse import Envelope
from hansa_wire.codec.limits import MAX_DEADLINE_S

MAX_HUBS = 4
"""How many coordinators may lie between the asking one and a city's node."""

MAX_REACH = 4096
"""Cities that one peer may present."""

MAX_CALLS = 1024
"""Calls that one peer may be asked at once; as many as a connection to a node that listens carries."""

Reach = Mapping[str, int]
"""The cities that can be asked through a peer, and how many coordinators lie between it and each city's node."""


class CallKind(StrEnum):
    """What a city is asked for."""

    ASK = "ask"
    DRY_RUN = "dry_run"
    DESCRIBE = "describe"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCall:
    """One call for one city.

    `query`, `credential`: both there, unless a description is asked for. `deadline_s`: how long the answer may take.
    `hubs`: through how many coordinators at most it may still go.
    """

    city: str
    kind: CallKind
    query: Envelope | None = None
    credential: Envelope | None = None
    deadline_s: float
    hubs: int = MAX_HUBS

    def __post_init__(self) -> None:
        if not self.city:
            raise ValueError("a call without a city")
        bare = self.kind is CallKind.DESCRIBE
        if (self.query is None) != bare or (self.credential is None) != bare:
            raise ValueError(f"{self.kind}: an ask or a dry run has query and credential, a description neither")
        if not 0 < self.deadline_s <= MAX_DEADLINE_S:
            raise ValueError(f"deadline_s is {self.deadline_s}; it must be above 0 and at most {MAX_DEADLINE_S:g}")
        if not 0 <= self.hubs <= MAX_HUBS:
            raise ValueError(f"hubs is {self.hubs}; it must be 0 to {MAX_HUBS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacher:
    """Who may attach under a pin of the roster. `is_city`: a city's node, or else a coordinator."""

    name: str
    is_city: bool

    @property
    def service(self) -> str:
        """What people call it."""
        return f"the node of {self.name}" if self.is_city else self.name

    def may_present(self, reach: Reach) -> bool:
        """A node speaks for its own city alone; a coordinator always lies between itself and a city's node."""
        if self.is_city:
            return all(city == self.name and hubs == 0 for city, hubs in reach.items())
        return all(hubs >= 1 for hubs in reach.values())
