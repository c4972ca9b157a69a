"""The result of checking a fetched log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hansa_audit.folder.findings import AuditFinding
from hansa_audit.folder.freshness import Freshness
from hansa_audit.folder.reading import Reading
from hansa_audit.languages.message import Message
from hansa_core.documents.strict_json import time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A witness of the policy. `at_unix_s`: when it saw the checkpoint as the log's largest; None: it did not say."""

    witness: str
    at_unix_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out. `size`, `root`: those that the checkpoint claims; with a finding nothing of it is proven.

    `freshness`: how recent it is. `reading`: when the auditor fetched it; None: not known.
    `dropped`: how many findings there were beyond the first thousand.
    """

    origin: str
    city: str | None
    size: int
    root: bytes
    witnesses: tuple[Cosigned, ...]
    quorum: str
    receipts: int
    openings: int
    rules: int
    rests_on: Message
    is_anchored: bool
    freshness: Freshness
    reading: Reading | None
    findings: tuple[AuditFinding, ...]
    dropped: int

    @property
    def holds(self) -> bool:
        return not self.findings

    def to_json(self, now_unix_s: int, max_age_s: int | None = None) -> dict[str, Any]:
        """The result for programs. `stale`: None where no age was demanded."""
        fresh = self.freshness
        return {
            "holds": self.holds,
            "as_of_unix_s": fresh.as_of_unix_s,
            "seen_by_quorum_at_unix_s": fresh.seen_at_unix_s,
            "newest_entry_at_unix_s": fresh.entry_at_unix_s,
            "age_s": fresh.age_s(now_unix_s),
            "stale": None if max_age_s is None else fresh.is_stale(now_unix_s, max_age_s),
            "read_at": None if self.reading is None else time_text(self.reading.read_at),
            "read_from": None if self.reading is None else self.reading.source,
            "log": self.origin,
            "city": self.city,
            "size": self.size,
            "root": self.root.hex(),
            "quorum": self.quorum,
            "witnesses": [{"name": each.witness, "cosigned_at_unix_s": each.at_unix_s} for each in self.witnesses],
            "receipts": self.receipts,
            "openings": self.openings,
            "rules": self.rules,
            "rests_on": self.rests_on.english,
            "keys_from_outside": self.is_anchored,
            "findings": [finding.to_json() for finding in self.findings],
            "findings_left_out": self.dropped,
        }
