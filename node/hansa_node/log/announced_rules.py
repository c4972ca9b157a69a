"""Announced rules: which entries of a log name published rules, found once and added to as the log grows."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from hansa_core.errors import PeerError
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_node.log.tree_rows import Rows

_ANNOUNCING = (
    "SELECT idx, leaf FROM log_entries WHERE log = ? AND idx >= ? AND idx < ?"
    " AND (instr(leaf, ?) OR instr(leaf, ?)) ORDER BY idx"
)
_TYPES = tuple(f'"type":"{body.TYPE}"'.encode() for body in (PolicyPublished, DatasetRegistered))


@dataclass(frozen=True, slots=True)
class Announced:
    """Entry `index` names the rules of this hash."""

    index: int
    hash: str


class RulesNamed:
    """Of the log `log` in the store. Any thread may ask if any may call `rows`."""

    def __init__(self, rows: Rows, log: int) -> None:
        self._rows = rows
        self._log = log
        self._walked = 0
        self._found: list[Announced] = []
        self._lock = Lock()

    def between(self, start: int, end: int) -> list[Announced]:
        """What the entries from `start` up to, not including, `end` name, which the log has."""
        with self._lock:
            if end > self._walked:
                for index, leaf in self._rows(_ANNOUNCING, (self._log, self._walked, end, *_TYPES)):
                    self._found += (Announced(index, each) for each in rules_named(leaf))
                self._walked = end
            return [each for each in self._found if start <= each.index < end]


def rules_named(leaf: bytes) -> tuple[str, ...]:
    """The hashes of the rules that an entry puts in force; none of what cannot be read."""
    try:
        return decode_entry(leaf).body.announced_rules
    except PeerError:
        return ()
