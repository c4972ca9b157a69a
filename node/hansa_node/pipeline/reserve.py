"""Step 5: charge before work. A crash after this step keeps the charge."""

from __future__ import annotations

from datetime import datetime

from hansa_core.policy.decide import Permit
from hansa_node.records import Asked, Reservation
from hansa_node.store import Store


def reserve(permit: Permit, asked: Asked, nonce: bytes, *, store: Store, now: datetime) -> Reservation:
    """Take the permit's charge and claim the nonce durably. Raises StoreUnavailableError, and then nothing is taken."""
    return store.reserve(asked, nonce, cost_microrho=permit.charge_microrho, now=now)
