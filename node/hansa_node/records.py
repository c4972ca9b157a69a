"""What the store keeps about one query: who asked what under which rules, and how it ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hansa_core.query.answer import Release
from hansa_core.query.plan import ContractId, Level
from hansa_core.trust.dsse import Envelope


class Decision(StrEnum):
    """How a query ended. `aborted`: permitted and charged, and then no answer came about."""

    PERMIT = "permit"
    REFUSE = "refuse"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asked what, and the rules in force. A None says that the query could not be read, or is not served here."""

    query_hash: bytes
    key_id: str
    subject: str
    organisation: str
    purpose: str | None
    dataset: ContractId | None
    level: Level | None
    data_version: int | None
    policy_id: str
    policy_version: int
    roster_version: int
    software_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseKey:
    """What makes two releases the same one."""

    plan_hash: bytes
    level: Level
    data_version: int
    protection_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A charge that was taken before the engine ran."""

    id: int
    cost_microrho: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """All that one commit makes durable.

    `nonce`: None where the query could not be read. `answer`: as it will be sent, signed once.
    `code`: the refusal's code, None for a permit. `release`: a release that is new. `after_expiry`: the query had
    expired when this was decided.
    """

    asked: Asked
    nonce: bytes | None
    decided_at: datetime
    code: str | None
    recalled: bool
    answer: Envelope
    after_expiry: bool
    release: Release | None
    reservation: Reservation | None

    @property
    def decision(self) -> Decision:
        return Decision.PERMIT if self.code is None else Decision.REFUSE

    @property
    def result_hash(self) -> bytes:
        """SHA-256 of the signed answer bytes."""
        return hashlib.sha256(self.answer.payload).digest()
