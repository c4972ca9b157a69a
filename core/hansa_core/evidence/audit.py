"""Audit of a whole log: a fold over its entries in which each is judged by all that came before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hansa_core.errors import PeerError
from hansa_core.evidence.audit_datasets import AnnouncedDatasets
from hansa_core.evidence.audit_force import KeysInForce, PoliciesInForce, RostersInForce
from hansa_core.evidence.audit_ledgers import Ledgers
from hansa_core.evidence.audit_references import Approvals, Openings, PeerHeads, Results, check_recovery
from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.finding import AuditRule, Breach, Breaches, LogFinding
from hansa_core.evidence.leaf_template import LeafReader, LeafTemplate, ReadLeaf
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
_ORDER = {rule: number for number, rule in enumerate(AuditRule)}
_MOST_SETTLED = 16_384  # a made-up log can have as many as entries
_NO_FIELDS: frozenset[str] = frozenset()


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
    """The fold. Give it every leaf from the first one on, then `finish` it; findings come entry by entry.

    What many entries have alike is judged once for all of them, until an entry announces something: `_settled` has the
    templates of which nothing was found since then.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._size = 0
        self._time_unix_s = 0
        self._reader = LeafReader()
        self._settled: set[LeafTemplate] = set()
        self._openings = Openings()
        self._keys = KeysInForce()
        self._policies, self._rosters = PoliciesInForce(), RostersInForce(subject.rosters)
        self._datasets, self._ledgers, self._results = AnnouncedDatasets(), Ledgers(), Results()
        self._heads = PeerHeads(subject.origin)
        self._alike: dict[type[Body], tuple[_Judge, ...]] = {
            QueryDecision: (self._rosters.use, self._policies.use, self._datasets.use, self._ledgers.names),
            QueryAborted: (
                self._rosters.use_earlier,
                self._policies.use_earlier,
                self._datasets.use,
                self._ledgers.names,
            ),
            PeerHead: (),
        }
        self._each: dict[type[Body], Callable[[ReadLeaf], Iterable[Breach]]] = {
            QueryDecision: self._judge_decision,
            QueryAborted: self._judge_charges,
            PeerHead: self._judge_head,
        }
        self._announcing = self._announcing_judges()

    @property
    def size(self) -> int:
        """How many leaves were taken."""
        return self._size

    @property
    def time_unix_s(self) -> int | None:
        """The latest time of an entry so far; None: there was none."""
        return self._time_unix_s if self._size else None

    def take(self, leaf: bytes) -> tuple[ReadLeaf | None, tuple[LogFinding, ...]]:
        """The next leaf as it was read, None where it is no entry, and what is wrong with it, by rule."""
        read: ReadLeaf | None = None
        breaches: list[Breach]
        try:
            read = self._reader.read(leaf)
            breaches = self._judge(read)
        except PeerError as error:
            breaches = [(AuditRule.SCHEMA, str(error))]
        self._openings.note(_NO_FIELDS if read is None else read.template.commitments)
        self._size += 1
        if not breaches:
            return read, ()
        breaches.sort(key=lambda breach: _ORDER[breach[0]])
        return read, tuple(LogFinding(index=self._size - 1, rule=rule, text=text) for rule, text in breaches)

    def finish(self) -> tuple[LogFinding, ...]:
        """What is wrong with the log as a whole."""
        if self._keys.has_log_key(self._subject.log_key):
            return ()
        text = "the log never says that the key of the roster signs it"
        return (LogFinding(index=max(self._size - 1, 0), rule=AuditRule.KEY, text=text),)

    def _judge(self, read: ReadLeaf) -> list[Breach]:
        template = read.template
        kind = type(template.entry.body)
        breaches: list[Breach] = []
        if kind in self._announcing:
            breaches += self._judge_announcement(read.entry)
        else:
            if template not in self._settled:
                breaches += self._judge_alike(template.entry)
                if not breaches:
                    self._settle(template)
            breaches += self._each[kind](read)
        time_unix_s = read.time_unix_s
        if time_unix_s < self._time_unix_s:
            breaches.append((AuditRule.TIME, f"the time goes back from {self._time_unix_s} to {time_unix_s}"))
        else:
            self._time_unix_s = time_unix_s
        return breaches

    def _settle(self, template: LeafTemplate) -> None:
        if len(self._settled) >= _MOST_SETTLED:
            self._settled.clear()
        self._settled.add(template)

    def _judge_alike(self, entry: Entry) -> Breaches:
        """What holds of each entry that differs in free fields alone."""
        yield from self._judge_place(entry)
        for judge in self._alike[type(entry.body)]:
            yield from judge(entry.body)

    def _judge_announcement(self, entry: Entry) -> Breaches:
        self._settled.clear()
        yield from self._judge_place(entry)
        for judge in self._announcing[type(entry.body)]:
            yield from judge(entry.body)

    def _judge_place(self, entry: Entry) -> Breaches:
        if isinstance(entry.body, LogGenesis) != (self._size == 0):
            yield AuditRule.GENESIS, "a log begins with its genesis, and has no other"
        if entry.node != self._subject.city:
            yield AuditRule.NODE, f"the entry is by the node of {entry.node}, in the log of {self._subject.city}"

    def _judge_decision(self, read: ReadLeaf) -> Iterable[Breach]:
        return *self._judge_charges(read), *self._results.note(read.digest("result_hash"))

    def _judge_charges(self, read: ReadLeaf) -> Iterable[Breach]:
        body = read.template.entry.body
        assert isinstance(body, QueryDecision | QueryAborted)
        if not body.ledgers:
            return ()
        costs = read.counts("cost") or [charge.cost for charge in body.ledgers]  # of a recalled release all are 0
        return self._ledgers.charge(body.ledgers, costs, read.counts("spent"))

    def _judge_head(self, read: ReadLeaf) -> Breaches:
        body = read.template.entry.body
        assert isinstance(body, PeerHead)
        return self._heads.note(body.origin, read.count("size"), read.digest("root"))

    def _begin(self, body: LogGenesis) -> Breaches:
        if body.origin != self._subject.origin:
            yield AuditRule.GENESIS, f"the log names itself {body.origin}; the roster names it {self._subject.origin}"

    def _recover(self, body: NodeRecovered) -> Breaches:
        return check_recovery(body, self._size)

    def _announcing_judges(self) -> dict[type[Body], tuple[_Judge, ...]]:
        """Of the types whose entries are judged whole: most of them change what the others are judged by."""
        policies, rosters, datasets, ledgers = self._policies, self._rosters, self._datasets, self._ledgers
        approvals, keys = Approvals(), self._keys
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
            ApprovalAsked: (approvals.ask,),
            ApprovalGiven: (approvals.settle,),
            ApprovalDenied: (approvals.settle,),
            OpeningRead: (self._openings.read,),
        }
