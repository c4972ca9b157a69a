"""Audit rule: what an entry refers to exists, be it an opening, a waiting question, an earlier head or an answer."""

from __future__ import annotations

from collections.abc import Iterable

from hansa_core.evidence.finding import AuditRule, Breach, Breaches
from hansa_core.evidence.log_entries import NodeRecovered, OpeningRead
from hansa_core.evidence.query_entries import ApprovalAsked, ApprovalDenied, ApprovalGiven


class Openings:
    """Which fields each entry committed to, a byte for each entry."""

    def __init__(self) -> None:
        self._sets: dict[frozenset[str], int] = {frozenset(): 0}
        self._set_of = bytearray()

    def note(self, fields: frozenset[str]) -> None:
        """The next entry, which commits to these fields."""
        # The kinds allow a handful of different sets.
        self._set_of.append(self._sets.setdefault(fields, len(self._sets)))

    def read(self, body: OpeningRead) -> Breaches:
        last = body.index if body.until is None else body.until
        if last >= len(self._set_of):
            yield AuditRule.OPENING, f"an opening of entry {last} is read, which comes later"
        elif last < body.index:
            yield AuditRule.OPENING, f"openings are read from entry {body.index} to {last}, which comes before"
        elif body.field is not None and body.field not in list(self._sets)[self._set_of[body.index]]:
            yield AuditRule.OPENING, f"entry {body.index} has no {body.field} in its opening"


class Results:
    """Each answer has a nonce of its own, so no two entries carry one answer."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def note(self, result_hash: str) -> Iterable[Breach]:
        short = int(result_hash[:16], 16)  # 64 bits: enough against chance, and half the memory
        if short in self._seen:
            return ((AuditRule.RESULT, f"the answer {result_hash[:16]}… stands in an earlier entry"),)
        self._seen.add(short)
        return ()


class Approvals:
    """A steward decides once on each question that waits."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()

    def ask(self, body: ApprovalAsked) -> Breaches:
        if body.query_hash in self._waiting:
            yield AuditRule.APPROVAL, f"approval of {body.query_hash[:16]}… is asked twice"
        self._waiting.add(body.query_hash)

    def settle(self, body: ApprovalGiven | ApprovalDenied) -> Breaches:
        if body.query_hash not in self._waiting:
            yield AuditRule.APPROVAL, f"nobody asked for the approval of {body.query_hash[:16]}…"
        self._waiting.discard(body.query_hash)


class PeerHeads:
    """The heads that this city cosigned. `origin`: its own log, which it does not witness."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._heads: dict[str, tuple[int, str]] = {}

    def note(self, origin: str, size: int, root: str) -> Breaches:
        before, held = self._heads.get(origin, (0, root))
        if origin == self._origin:
            yield AuditRule.PEER_HEAD, "a city does not witness its own log"
        if size < before:
            yield AuditRule.PEER_HEAD, f"the log {origin} shrinks from {before} entries to {size}"
        elif size == before and root != held:
            yield AuditRule.PEER_HEAD, f"the log {origin} has two roots at {before} entries: it was forked"
        self._heads[origin] = (size, root)


def check_recovery(body: NodeRecovered, index: int) -> Breaches:
    """A recovery brings a log forward, to entries that stand before its own."""
    if not body.from_size <= body.to_size <= index:
        yield AuditRule.RECOVERY, f"entry {index} says that the log went from {body.from_size} to {body.to_size}"
