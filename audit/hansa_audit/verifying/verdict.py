"""The result of checking a fetched log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hansa_audit.folder.findings import AuditFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A witness of the policy. `at_unix_s`: when it saw the checkpoint as the log's largest; None: it did not say."""

    witness: str
    at_unix_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out. `size`, `root`: those that the checkpoint claims; with a finding nothing of it is proven.

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
    rests_on: str
    is_anchored: bool
    findings: tuple[AuditFinding, ...]
    dropped: int

    @property
    def holds(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "log": self.origin,
            "city": self.city,
            "size": self.size,
            "root": self.root.hex(),
            "quorum": self.quorum,
            "witnesses": [{"name": each.witness, "cosigned_at_unix_s": each.at_unix_s} for each in self.witnesses],
            "receipts": self.receipts,
            "openings": self.openings,
            "rests_on": self.rests_on,
            "keys_from_outside": self.is_anchored,
            "findings": [finding.to_json() for finding in self.findings],
            "findings_left_out": self.dropped,
        }
