"""Findings of an audit: the file, the entry, the rule that does not hold, and what that means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hansa_audit.languages.message import Message, as_it_is, counted, message
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
    SEALED = "sealed"
    RULES = "rules"
    UNCHECKED = "unchecked"


Rule = AuditRule | FileRule

_OF_MANY_FILES = (FileRule.MISSING, FileRule.TILE, FileRule.BUNDLE)
_REPORTED = message("the city's records contradict themselves; ask the city, with the entry's number")
_MEANINGS: dict[Rule, Message] = {
    FileRule.MISSING: message("what is not there cannot be checked; fetch it again, and ask the city if it stays away"),
    FileRule.KEYS: message("it is not certain whose signatures count; take the keys from the league's governors"),
    FileRule.SIGNATURE: message("the city, or enough of its witnesses, did not sign this; nothing is proven by it"),
    FileRule.ROOT: message("the entries are not those that the city signed"),
    FileRule.TILE: message("the file was damaged or forged; the entries themselves may still be right"),
    FileRule.BUNDLE: message("the entries in this file were damaged or forged; fetch them again"),
    FileRule.CONSISTENCY: message("the city signed two histories; both checkpoints together prove it, so keep them"),
    FileRule.RECEIPT: message(
        "it does not prove what it claims: it was damaged or made up, or the log tells of something else"
    ),
    FileRule.DISCLOSURE: message("what was shown is not what the entry committed to"),
    FileRule.SEALED: message(
        "what the city sealed does not go with what its log says; ask the city, with the entry's number"
    ),
    FileRule.RULES: message("it is not what the city published as its rules; take it away and fetch again"),
    FileRule.UNCHECKED: message("it cannot be judged by what lies here; it speaks neither for nor against the city"),
    AuditRule.SCHEMA: message("the entry says what no entry may say, or cannot be read"),
    AuditRule.GENESIS: message("the log does not begin as this city's log"),
    AuditRule.NODE: message("the entry is of another city"),
    AuditRule.TIME: message("entries were written with a false clock, or out of order"),
    AuditRule.ROSTER: message("the city worked under rules of membership that the league did not have"),
    AuditRule.POLICY: message("the city decided by a policy that it had not announced"),
    AuditRule.KEY: message("a key was used that the log never announced"),
    AuditRule.LEDGER: message("the privacy budget was not kept as the rules demand"),
    AuditRule.RESULT: message("an answer was counted twice"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """Something that does not hold. `file`: where, below the folder. `index`: of the entry, if it is about one.

    `places`: in how many places the same is wrong, the first of which `file` and `index` name; `last`: the last.
    """

    file: str
    rule: Rule
    text: str
    index: int | None = None
    places: int = 1
    last: Message | None = None

    @property
    def meaning(self) -> Message:
        """What it means, for somebody who does not know the formats."""
        return _MEANINGS.get(self.rule, _REPORTED)

    @property
    def place(self) -> Message:
        """Where it is, in words."""
        first, more = _place(self.file, self.index), self.places - 1
        if not more or self.last is None:
            return first
        return counted(
            "%(first)s, and %(number)s more place up to %(last)s",
            "%(first)s, and %(number)s more places up to %(last)s",
            more,
            first=first,
            last=self.last,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "entry": self.index,
            "rule": self.rule.value,
            "text": self.text,
            "meaning": self.meaning.english,
            "places": self.places,
        }


class Findings:
    """Collects findings, one for each cause, up to a number that a person can still read.

    The same text about entries, or about files of one kind, has one cause: it is one finding that counts its places.
    """

    def __init__(self) -> None:
        self._found: dict[object, AuditFinding] = {}
        self.dropped = 0

    @property
    def kept(self) -> tuple[AuditFinding, ...]:
        return tuple(self._found.values())

    def add(self, file: str, rule: Rule, text: object, index: int | None = None) -> None:
        cause = _cause(file, rule, str(text), index)
        known = self._found.get(cause)
        if known is not None:
            self._found[cause] = replace(known, places=known.places + 1, last=_place(file, index))
        elif len(self._found) < MOST_FINDINGS:
            self._found[cause] = AuditFinding(file=file, rule=rule, text=str(text), index=index)
        else:
            self.dropped += 1

    def take_over(self, others: Findings) -> None:
        """Add what was collected apart."""
        for cause, each in others._found.items():
            if len(self._found) < MOST_FINDINGS:
                self._found[cause] = each
            else:
                self.dropped += 1
        self.dropped += others.dropped


def _cause(file: str, rule: Rule, text: str, index: int | None) -> object:
    if isinstance(rule, AuditRule):
        return rule, text
    if rule in _OF_MANY_FILES:
        return rule, text, "/".join(file.split("/")[:2])
    return rule, text, file, index


def _place(file: str, index: int | None) -> Message:
    if index is None:
        return as_it_is(file)
    return message("%(file)s, entry %(index)s", file=file, index=index)
