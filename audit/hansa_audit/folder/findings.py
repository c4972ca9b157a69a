"""Findings of an audit: the file, the entry, the rule that does not hold, and what that means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hansa_core.evidence.finding import AuditRule

MOST_FINDINGS = 1000  # a made-up log can break every rule in each entry; nobody reads on


class FileRule(StrEnum):
    """What the files can break; what the entries can is `AuditRule`."""

    MISSING = "missing"
    KEYS = "keys"
    SIGNATURE = "signature"
    ROOT = "root"
    TILE = "tile"
    BUNDLE = "bundle"
    CONSISTENCY = "consistency"
    RECEIPT = "receipt"
    DISCLOSURE = "disclosure"


Rule = AuditRule | FileRule

_REPORTED = "the city's records contradict themselves; ask the city, with the entry's number"
_MEANINGS: dict[Rule, str] = {
    FileRule.MISSING: "what is not there cannot be checked; fetch it again, and ask the city if it stays away",
    FileRule.KEYS: "it is not certain whose signatures count; take the keys from the league's governors",
    FileRule.SIGNATURE: "the city, or enough of its witnesses, did not sign this; nothing is proven by it",
    FileRule.ROOT: "the entries are not those that the city signed",
    FileRule.TILE: "the file was damaged or forged; the entries themselves may still be right",
    FileRule.BUNDLE: "the entries in this file were damaged or forged; fetch them again",
    FileRule.CONSISTENCY: "the city showed two histories; both checkpoints together prove it",
    FileRule.RECEIPT: "what this receipt promised does not stand in the log",
    FileRule.DISCLOSURE: "what was shown is not what the entry committed to",
    AuditRule.SCHEMA: "the entry says what no entry may say, or cannot be read",
    AuditRule.GENESIS: "the log does not begin as this city's log",
    AuditRule.NODE: "the entry is of another city",
    AuditRule.TIME: "entries were written with a false clock, or out of order",
    AuditRule.ROSTER: "the city worked under rules of membership that the league did not have",
    AuditRule.POLICY: "the city decided by a policy that it had not announced",
    AuditRule.KEY: "a key was used that the log never announced",
    AuditRule.LEDGER: "the privacy budget was not kept as the rules demand",
    AuditRule.RESULT: "an answer was counted twice",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """Something that does not hold. `file`: where, below the folder. `index`: of the entry, if it is about one."""

    file: str
    rule: Rule
    text: str
    index: int | None = None

    @property
    def meaning(self) -> str:
        """What it means, for somebody who does not know the formats."""
        return _MEANINGS.get(self.rule, _REPORTED)

    @property
    def place(self) -> str:
        return self.file if self.index is None else f"{self.file}, entry {self.index}"

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "entry": self.index,
            "rule": self.rule.value,
            "text": self.text,
            "meaning": self.meaning,
        }


class Findings:
    """Collects findings, up to a number that a person can still read."""

    def __init__(self) -> None:
        self.kept: list[AuditFinding] = []
        self.dropped = 0

    def add(self, file: str, rule: Rule, text: object, index: int | None = None) -> None:
        if len(self.kept) < MOST_FINDINGS:
            self.kept.append(AuditFinding(file=file, rule=rule, text=str(text), index=index))
        else:
            self.dropped += 1
