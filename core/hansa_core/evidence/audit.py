"""Audit of a whole log: a fold over its entries in which each is judged by all that came before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hansa_core.errors import PeerError
from hansa_core.evidence.audit_datasets import AnnouncedDatasets
from hansa_core.evidence.audit_force import KeysInForce, PoliciesInForce, RostersInForce
from hansa_core.evidence.audit_ledgers import Ledgers
from hansa_core.evidence.audit_references import Approvals, Openings, PeerHeads, Results, check_recovery
from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.finding import AuditRule, Breaches, LogFinding
from hansa_core.evidence.log_entries import (
    KeyAdded,
    KeyRetired,
    LogGenesis,
    NodeRecovered,
    NodeStarted,
    OpeningRead,
    PeerHead,
)
from hansa_core.evidence.query_entries import ApprovalAsked, ApprovalDenied, ApprovalGiven, QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import (
    BudgetCreated,
    BudgetReset,
    DataAccepted,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
    TablesPublished,
)

_Judge = Callable[[Any], Breaches]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose log it is, as the auditor knows it: city, log origin and the raw key that signs the log today.

    `rosters`: the hash of each roster that the auditor holds, by version.
    """

    city: str
    origin: str
    log_key: bytes
    rosters: Mapping[int, str]


class Audit:
    """The fold. Give it every leaf from the first one on, then `finish` it; findings come entry by entry."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._size = 0
        self._time_unix_s = 0
        self._openings = Openings()
        self._keys = KeysInForce()
        self._judges = self._judges_by_type()

    @property
    def size(self) -> int:
        """How many leaves were taken."""
        return self._size

    @property
    def time_unix_s(self) -> int | None:
        """The latest time of an entry so far; None: there was none."""
        return self._time_unix_s if self._size else None

    def take(self, leaf: bytes) -> tuple[Entry | None, tuple[LogFinding, ...]]:
        """The next leaf's entry, None where it is not one, and what is wrong with it."""
        index, entry = self._size, None
        try:
            entry = decode_entry(leaf)
            breaches = list(self._judge(entry))
        except PeerError as error:
            breaches = [(AuditRule.SCHEMA, str(error))]
        self._openings.note(None if entry is None else entry.body)
        self._size += 1
        if not breaches:
            return entry, ()
        return entry, tuple(LogFinding(index=index, rule=rule, text=text) for rule, text in breaches)

    def finish(self) -> tuple[LogFinding, ...]:
        """What is wrong with the log as a whole."""
        if self._keys.has_log_key(self._subject.log_key):
            return ()
        text = "the log never says that the key of the roster signs it"
        return (LogFinding(index=max(self._size - 1, 0), rule=AuditRule.KEY, text=text),)

    def _judge(self, entry: Entry) -> Breaches:
        body = entry.body
        if isinstance(body, LogGenesis) != (self._size == 0):
            yield AuditRule.GENESIS, "a log begins with its genesis, and has no other"
        if entry.node != self._subject.city:
            yield AuditRule.NODE, f"the entry is by the node of {entry.node}, in the log of {self._subject.city}"
        if entry.time_unix_s < self._time_unix_s:
            yield AuditRule.TIME, f"the time goes back from {self._time_unix_s} to {entry.time_unix_s}"
        self._time_unix_s = max(self._time_unix_s, entry.time_unix_s)
        for judge in self._judges.get(type(body), ()):
            yield from judge(body)

    def _begin(self, body: LogGenesis) -> Breaches:
        if body.origin != self._subject.origin:
            yield AuditRule.GENESIS, f"the log names itself {body.origin}; the roster names it {self._subject.origin}"

    def _recover(self, body: NodeRecovered) -> Breaches:
        return check_recovery(body, self._size)

    def _judges_by_type(self) -> dict[type[Body], tuple[_Judge, ...]]:
        policies, rosters = PoliciesInForce(), RostersInForce(self._subject.rosters)
        datasets, ledgers, results = AnnouncedDatasets(), Ledgers(), Results()
        approvals, heads = Approvals(), PeerHeads(self._subject.origin)
        keys, openings = self._keys, self._openings
        return {
            LogGenesis: (self._begin, keys.begin),
            NodeStarted: (rosters.use, policies.use),
            NodeRecovered: (self._recover, ledgers.recover),
            RosterAccepted: (rosters.accept,),
            PolicyPublished: (policies.publish,),
            KeyAdded: (keys.add,),
            KeyRetired: (keys.retire,),
            DatasetRegistered: (datasets.register,),
            DataVersion: (datasets.announce,),
            DataAccepted: (datasets.accept,),
            TablesPublished: (datasets.publish,),
            BudgetCreated: (ledgers.create,),
            BudgetReset: (ledgers.reset,),
            QueryDecision: (rosters.use, policies.use, datasets.use, ledgers.charge, results.note),
            QueryAborted: (rosters.use_earlier, policies.use_earlier, datasets.use, ledgers.charge),
            ApprovalAsked: (approvals.ask,),
            ApprovalGiven: (approvals.settle,),
            ApprovalDenied: (approvals.settle,),
            OpeningRead: (openings.read,),
            PeerHead: (heads.note,),
        }
