"""What does every step of one node stand on?"""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.policy.decide import Standing
from hansa_core.policy.policy import Policy
from hansa_core.trust.dsse import Signer
from hansa_core.trust.roster import Roster
from hansa_node.clock import Clock, NonceSource
from hansa_node.datasets import Datasets
from hansa_node.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """City, rules, keys and stores of a node, fixed from its start to its end."""

    city: str
    roster: Roster
    policy: Policy
    signer: Signer
    datasets: Datasets
    store: Store
    clock: Clock
    fresh_nonce: NonceSource

    @property
    def standing(self) -> Standing:
        """What `decide` asks of them."""
        return Standing(
            city=self.city,
            league=self.roster.league,
            purposes=frozenset(self.roster.purposes),
            roster_expires=self.roster.expires,
        )
