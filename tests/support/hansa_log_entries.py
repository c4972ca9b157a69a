"""Entries of a log: one of each type, any of each type, and a whole log in which nothing is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from hansa_core.documents.canonical_json import MAX_INTEGER
from hansa_core.evidence.body import Body, Charge, PolicyRef, RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import (
    KeyAdded,
    KeyRetired,
    KeyRole,
    LogGenesis,
    NodeRecovered,
    NodeStarted,
    OpeningRead,
    PeerHead,
)
from hansa_core.evidence.query_entries import (
    ApprovalAsked,
    ApprovalDenied,
    ApprovalGiven,
    Decision,
    QueryAborted,
    QueryDecision,
)
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

CITY, ORIGIN, LOG_KEY = "hamburg", "node.hamburg/log", bytes(range(32))
NOON = 1_767_225_600
PERMITS, ROADS = "housing.permits/1", "traffic.roads/2"
POLICY, ROSTER = PolicyRef(id="open-data", version=1), RosterRef(version=3, hash="03" * 32)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


POLICY_HASH, MANIFEST_HASH = digest_of("policy"), digest_of("manifest")


def opening_of(*fields: str) -> dict[str, str]:
    return {name: digest_of(name) for name in fields}


def decision_on(question: str, **changes: Any) -> QueryDecision:
    """A new release for `question`, or what `changes` make of it."""
    body = QueryDecision(
        query_hash=digest_of(question),
        organisation="Stadtwerke Köln",
        purpose="statistics",
        dataset=PERMITS,
        level="controlled",
        data_version=1,
        policy=POLICY,
        policy_hash=POLICY_HASH,
        manifest_hash=MANIFEST_HASH,
        roster=ROSTER,
        decision=Decision.PERMIT,
        result_hash=digest_of(f"answer to {question}"),
        opening=opening_of("query", "analyst", "causes"),
    )
    return replace(body, **changes)


def refusal_of(question: str, code: str, **changes: Any) -> QueryDecision:
    """A refusal of `question`, of a dataset that the city serves."""
    opening = opening_of("query", "analyst")
    return decision_on(question, decision=Decision.REFUSE, code=code, opening=opening, **changes)


def recalled(question: str, **changes: Any) -> QueryDecision:
    """A release that is given out again."""
    opening = opening_of("query", "analyst")
    return decision_on(question, recalled=True, opening=opening, **changes)


def aborted(question: str, **changes: Any) -> QueryAborted:
    """A question that was charged and not answered."""
    body = QueryAborted(
        query_hash=digest_of(question),
        organisation="Stadtwerke Köln",
        purpose="statistics",
        dataset=PERMITS,
        level="controlled",
        data_version=1,
        policy=POLICY,
        policy_hash=POLICY_HASH,
        manifest_hash=MANIFEST_HASH,
        roster=ROSTER,
        opening=opening_of("query", "analyst"),
    )
    return replace(body, **changes)


def charge(cost: int, spent: int, limit: int = 100, ledger: str = "residents") -> Charge:
    return Charge(ledger=ledger, unit="microrho", cost=cost, spent=spent, limit=limit)


BEGINNING: tuple[Body, ...] = (
    LogGenesis(origin=ORIGIN, log_key=LOG_KEY.hex()),
    RosterAccepted(roster=ROSTER),
    PolicyPublished(policy=POLICY, policy_hash=POLICY_HASH, opening=opening_of("deny")),
    DatasetRegistered(
        dataset=PERMITS, level="controlled", manifest_hash=MANIFEST_HASH, contract_hash=digest_of("contract")
    ),
    DataVersion(dataset=PERMITS, data_version=1),
    TablesPublished(dataset=PERMITS, data_version=1, protection_version=1, tables=("by_project", "by_year")),
    BudgetCreated(ledger="residents", unit="microrho", limit=100),
    NodeStarted(policy=POLICY, roster=ROSTER, register=False),
)

ONE_OF_EACH: tuple[Body, ...] = (
    *BEGINNING,
    decision_on("q1", ledgers=(charge(30, 30),)),
    refusal_of("q2", "not_published"),
    recalled("q1 again", ledgers=(charge(0, 30),)),
    aborted("q3", ledgers=(charge(5, 35),)),
    decision_on(
        "q4",
        decision=Decision.NEEDS_APPROVAL,
        opening=opening_of("query", "analyst"),
    ),
    ApprovalAsked(
        query_hash=digest_of("q4"),
        organisation="Stadtwerke Köln",
        purpose="statistics",
        dataset=PERMITS,
        opening=opening_of("analyst"),
    ),
    ApprovalGiven(query_hash=digest_of("q4"), opening=opening_of("steward")),
    ApprovalAsked(
        query_hash=digest_of("q5"),
        organisation="Stadtwerke Köln",
        purpose="statistics",
        dataset=PERMITS,
        opening=opening_of("analyst"),
    ),
    ApprovalDenied(query_hash=digest_of("q5"), code="too_sensitive", opening=opening_of("steward")),
    KeyAdded(role=KeyRole.ANSWER, key="0a" * 32),
    KeyRetired(role=KeyRole.ANSWER, key="0a" * 32),
    OpeningRead(index=8, field="causes", reader="bremen"),
    PeerHead(origin="node.bremen/log", size=12, root="0b" * 32),
    NodeRecovered(from_size=10, to_size=21, exhausted=("residents",)),
    BudgetReset(ledger="residents", unit="microrho", limit=50, reason="new_period"),
    decision_on("q6", ledgers=(charge(50, 50, limit=50),)),
    DataAccepted(dataset=PERMITS, data_version=1, opening=opening_of("limits", "reason")),
)

FIRST_VERSIONS: tuple[Body, ...] = (
    PolicyPublished(policy=POLICY, opening=opening_of("policy_hash")),
    DatasetRegistered(dataset=PERMITS, level="controlled", opening=opening_of("manifest_hash")),
    NodeStarted(policy=POLICY, roster=ROSTER),
    decision_on(
        "q7",
        policy_hash=None,
        manifest_hash=None,
        opening=opening_of("query", "analyst", "policy_hash", "manifest_hash", "causes"),
    ),
    aborted(
        "q8",
        policy_hash=None,
        manifest_hash=None,
        opening=opening_of("query", "analyst", "policy_hash", "manifest_hash"),
    ),
)
"""Bodies as version 1 of their schema has them."""


@dataclass
class Writer:
    """Writes bodies as a log's leaves, a second apart."""

    time_unix_s: int = NOON
    leaves: list[bytes] = field(default_factory=list)

    def write(self, *bodies: Body, node: str = CITY, time_unix_s: int | None = None) -> Writer:
        for body in bodies:
            self.time_unix_s += 1
            at = self.time_unix_s if time_unix_s is None else time_unix_s
            self.leaves.append(encode_entry(Entry(time_unix_s=at, node=node, software="0.1.0", body=body)))
        return self


_HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
_COUNT = st.integers(0, MAX_INTEGER)
_VERSION = st.integers(1, MAX_INTEGER)
_SHOWN = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=100
).filter(lambda text: len(text) <= 100)
_LEDGER = st.from_regex(r"[a-z0-9][a-z0-9._/-]{0,99}", fullmatch=True)
_POLICY = st.builds(PolicyRef, id=_SHOWN, version=_VERSION)
_ROSTER = st.builds(RosterRef, version=_VERSION, hash=_HEX)
_CHARGE = st.builds(
    Charge, ledger=_LEDGER, unit=st.sampled_from(("microrho", "delta_15")), cost=_COUNT, spent=_COUNT, limit=_COUNT
)


@st.composite
def _decisions(draw: st.DrawFn) -> QueryDecision:
    decision = draw(st.sampled_from(Decision))
    is_refused = decision is Decision.REFUSE
    is_bound = not is_refused or draw(st.booleans())
    is_recalled = decision is Decision.PERMIT and draw(st.booleans())
    charges = tuple(draw(st.lists(_CHARGE, max_size=2)))
    is_first = draw(st.booleans())
    hashes = {"policy_hash": draw(_HEX)} | ({"manifest_hash": draw(_HEX)} if is_bound else {})
    fields = ["query", "analyst"]
    fields += list(hashes) if is_first else []
    fields += ["causes"] if decision is Decision.PERMIT and not is_recalled else []
    return QueryDecision(
        query_hash=draw(_HEX),
        organisation=draw(_SHOWN),
        purpose=draw(st.sampled_from(("statistics", None) if is_refused else ("statistics", "a-b_c"))),
        dataset=PERMITS if is_bound else draw(st.sampled_from((None, ROADS))),
        level=draw(st.sampled_from(("open", "controlled"))) if is_bound else None,
        data_version=draw(_VERSION) if is_bound else None,
        policy=draw(_POLICY),
        **({} if is_first else hashes),
        roster=draw(_ROSTER),
        decision=decision,
        code="not_published" if is_refused else None,
        recalled=is_recalled,
        ledgers=tuple(replace(each, cost=0) for each in charges) if is_recalled else charges,
        result_hash=draw(_HEX),
        opening={name: draw(_HEX) for name in fields},
    )


def entries() -> st.SearchStrategy[Entry]:
    """Any entry of any version, half of them decisions."""
    return st.builds(
        Entry,
        time_unix_s=_COUNT,
        node=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
        software=st.sampled_from(("0.1.0", "1.2.3rc1", "2.0.0+local.1")),
        body=st.one_of(_decisions(), st.sampled_from((*ONE_OF_EACH, *FIRST_VERSIONS))),
    )
