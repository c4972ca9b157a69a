"""Records of one query: who asked what under which rules, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.documents.canonical_json import JsonValue
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.partial.answer import Release
from hansa_core.partial.release_key import NO_PARAMETERS
from hansa_core.signing.dsse import Envelope
from hansa_node.log.announcements import Announcement
from hansa_node.store.reservations import Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRecord:
    """Who asked what, and the rules in force. `query`, `credential`: the signed envelopes as DSSE JSON.

    `purpose`, `dataset`: None where the query could not be read, or names what the league does not know. `level`,
    `data_version`, `manifest_hash`: None where the city serves no such dataset.
    """

    query_hash: bytes
    query: str
    credential: str
    key_id: str
    subject: str
    organisation: str
    purpose: str | None
    dataset: ContractId | None
    level: Level | None
    data_version: int | None
    policy: PolicyRef
    roster: RosterRef
    policy_hash: str
    manifest_hash: str | None

    @property
    def concealed(self) -> dict[str, JsonValue]:
        """What the entry commits to without saying it."""
        return {
            "query": self.query,
            "analyst": {"subject": self.subject, "key_id": self.key_id, "credential": self.credential},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """All that one commit makes durable.

    `nonce`: None where the query could not be read. `answer`: as it will be sent, signed once.
    `code`: the refusal's code, None for a permit. `release`: a release that is new; `causes` counts its suppressed
    cells by cause. `parameters`: of its mechanism, as in `ReleaseKey`. `after_expiry`: the query had expired when this
    was decided. `announcements`: what the log has to have said before.
    """

    asked: QueryRecord
    nonce: bytes | None
    decided_at: datetime
    code: str | None
    recalled: bool
    answer: Envelope
    after_expiry: bool
    release: Release | None
    causes: Mapping[str, int]
    reservation: Reservation | None
    parameters: str = NO_PARAMETERS
    announcements: tuple[Announcement, ...] = ()
