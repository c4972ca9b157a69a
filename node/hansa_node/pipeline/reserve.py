"""Step 5: charge before work. A crash after this step keeps the charge."""

from __future__ import annotations

from datetime import datetime

from hansa_core.policy.decide import Permit
from hansa_node.datasets.dataset import Dataset
from hansa_node.log.announcements import of_dataset
from hansa_node.log.records import QueryRecord
from hansa_node.node_store import NodeStore
from hansa_node.store.reservations import Reservation


def reserve(
    permit: Permit, asked: QueryRecord, nonce: bytes, *, dataset: Dataset, store: NodeStore, now: datetime
) -> Reservation:
    """Take the permit's charge and claim the nonce durably. Raises StoreUnavailableError, and then nothing is taken."""
    told = of_dataset(dataset)
    return store.reserve(asked, nonce, charges=(), announcements=told, now=now)
