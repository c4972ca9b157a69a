"""An auditor finds what does not fit together in a log whose tree is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.body import Body, PolicyRef, RosterRef
from hansa_core.evidence.finding import AuditRule, LogFinding
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
from hansa_core.evidence.query_entries import ApprovalGiven, Decision
from hansa_core.evidence.rule_entries import (
    BudgetCreated,
    BudgetReset,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
    TablesPublished,
)
from hansa_log_entries import (
    BEGINNING,
    CITY,
    LOG_KEY,
    MANIFEST_HASH,
    NOON,
    ONE_OF_EACH,
    ORIGIN,
    PERMITS,
    POLICY,
    POLICY_HASH,
    ROADS,
    ROSTER,
    Writer,
    aborted,
    charge,
    decision_on,
    digest_of,
    opening_of,
    recalled,
    refusal_of,
)
from hansa_whole_trees import audit_entries

SUBJECT = Subject(city=CITY, origin=ORIGIN, log_key=LOG_KEY, rosters={3: ROSTER.hash})
NEWER_POLICY = PolicyRef(id=POLICY.id, version=2)
NEWER_ROSTER = RosterRef(version=4, hash="04" * 32)


def findings(*bodies: Body, subject: Subject = SUBJECT) -> list[LogFinding]:
    """What is wrong with a log that begins well and goes on with `bodies`."""
    return list(audit_entries(Writer().write(*BEGINNING, *bodies).leaves, subject))


def rules(*bodies: Body, subject: Subject = SUBJECT) -> list[AuditRule]:
    return [finding.rule for finding in findings(*bodies, subject=subject)]


def test_a_log_with_every_type_of_entry_has_no_finding() -> None:
    assert list(audit_entries(Writer().write(*ONE_OF_EACH).leaves, SUBJECT)) == []


def test_a_finding_says_where_and_what() -> None:
    (finding,) = findings(decision_on("q1", ledgers=(charge(30, 30),)), decision_on("q2", ledgers=(charge(5, 34),)))
    assert finding.index == len(BEGINNING) + 1
    assert finding.text == "ledger residents: 30 before and a cost of 5 make 35, and the entry says 34"


def test_one_fault_in_a_ledger_is_one_finding() -> None:
    steps = ((30, 30), (5, 34), (6, 40), (10, 50))
    bodies = [decision_on(f"q{spent}", ledgers=(charge(cost, spent),)) for cost, spent in steps]
    assert rules(*bodies) == [AuditRule.LEDGER]


@pytest.mark.parametrize(
    ("bodies", "complaint"),
    [
        ((decision_on("q", ledgers=(charge(101, 101),)),), "overspent: 101 of 100 microrho"),
        ((decision_on("q", ledgers=(charge(1, 1, ledger="firms"),)),), "charged and was never created"),
        ((decision_on("q", ledgers=(charge(1, 1), charge(1, 2))),), "charges a ledger twice"),
        ((decision_on("q", ledgers=(charge(1, 1, limit=200),)),), "limit 200 microrho here, and 100 microrho"),
        ((aborted("q", ledgers=(charge(1, 2),)),), "0 before and a cost of 1 make 1"),
        ((BudgetCreated(ledger="residents", unit="microrho", limit=9),), "created a second time"),
        ((BudgetReset(ledger="firms", unit="microrho", limit=9, reason="new_period"),), "reset and was never created"),
        ((BudgetReset(ledger="residents", unit="gold", limit=9, reason="new_period"),), "changes its unit"),
        ((NodeRecovered(from_size=1, to_size=8, exhausted=("firms",)),), "exhausted and was never created"),
    ],
)
def test_a_ledger_that_does_not_add_up_is_found(bodies: tuple[Body, ...], complaint: str) -> None:
    (finding,) = findings(*bodies)
    assert finding.rule is AuditRule.LEDGER
    assert complaint in finding.text


def test_a_ledger_that_a_recovery_exhausted_stays_so_until_it_is_reset() -> None:
    recovered = NodeRecovered(from_size=1, to_size=8, exhausted=("residents",))
    again = decision_on("q", ledgers=(charge(1, 1),))
    assert set(rules(recovered, again)) == {AuditRule.LEDGER}
    assert rules(recovered, recalled("q", ledgers=(charge(0, 100),))) == [AuditRule.RECALLED]
    assert (
        rules(recovered, BudgetReset(ledger="residents", unit="microrho", limit=100, reason="new_period"), again) == []
    )


@pytest.mark.parametrize(
    ("bodies", "rule"),
    [
        ((LogGenesis(origin=ORIGIN, log_key=LOG_KEY.hex()),), AuditRule.GENESIS),
        ((decision_on("q", policy=NEWER_POLICY),), AuditRule.POLICY),
        ((NodeStarted(policy=NEWER_POLICY, roster=ROSTER),), AuditRule.POLICY),
        ((decision_on("q", roster=NEWER_ROSTER),), AuditRule.ROSTER),
        ((decision_on("q", roster=RosterRef(version=3, hash="04" * 32)),), AuditRule.ROSTER),
        ((aborted("q", policy=NEWER_POLICY),), AuditRule.POLICY),
        ((aborted("q", roster=NEWER_ROSTER),), AuditRule.ROSTER),
        ((decision_on("q", dataset=ROADS),), AuditRule.DATASET),
        ((decision_on("q", level="open"),), AuditRule.DATASET),
        ((decision_on("q", data_version=2),), AuditRule.DATA_VERSION),
        ((refusal_of("q", "not_published", data_version=2),), AuditRule.DATA_VERSION),
        ((DataVersion(dataset=PERMITS, data_version=1),), AuditRule.DATA_VERSION),
        ((DataVersion(dataset=ROADS, data_version=1),), AuditRule.DATASET),
        ((DataVersion(dataset=PERMITS, data_version=2), decision_on("q", data_version=2)), AuditRule.TABLES),
        ((recalled("q"),), AuditRule.RECALLED),
        ((decision_on("q"), decision_on("q")), AuditRule.RESULT),
        ((decision_on("q"), recalled("q2", result_hash=digest_of("answer to q"))), AuditRule.RESULT),
        ((KeyAdded(role=KeyRole.LOG, key=LOG_KEY.hex()),), AuditRule.KEY),
        ((KeyRetired(role=KeyRole.ANSWER, key="0a" * 32),), AuditRule.KEY),
        ((OpeningRead(index=0, field="query", reader="bremen"),), AuditRule.OPENING),
        ((OpeningRead(index=2, field="query", reader="bremen"),), AuditRule.OPENING),
        ((OpeningRead(index=8, field="policy_hash", reader="bremen"),), AuditRule.OPENING),
        ((OpeningRead(index=2, fields=("query",), until=8, reader="bremen"),), AuditRule.OPENING),
        ((OpeningRead(index=4, fields=("query",), until=3, reader="bremen"),), AuditRule.OPENING),
        ((ApprovalGiven(query_hash=digest_of("q"), opening=opening_of("steward")),), AuditRule.APPROVAL),
        ((PeerHead(origin=ORIGIN, size=1, root="0b" * 32),), AuditRule.PEER_HEAD),
        ((NodeRecovered(from_size=9, to_size=8, exhausted=()),), AuditRule.RECOVERY),
        ((NodeRecovered(from_size=1, to_size=9, exhausted=()),), AuditRule.RECOVERY),
        (
            (TablesPublished(dataset=PERMITS, data_version=1, protection_version=1, tables=("by_year", "by_project")),),
            AuditRule.TABLES,
        ),
    ],
)
def test_what_was_not_there_before_cannot_be_used(bodies: tuple[Body, ...], rule: AuditRule) -> None:
    found = findings(*bodies)
    assert [finding.rule for finding in found] == [rule]
    assert found[0].index == len(BEGINNING) + len(bodies) - 1


def test_policies_and_rosters_go_forward_only() -> None:
    newer = PolicyPublished(policy=NEWER_POLICY, policy_hash=digest_of("newer policy"), opening=opening_of("deny"))
    older = PolicyPublished(policy=POLICY, policy_hash=POLICY_HASH, opening=opening_of("deny"))
    newer_hash = digest_of("newer policy")
    assert rules(newer, decision_on("q", policy=NEWER_POLICY, policy_hash=newer_hash)) == []
    assert rules(newer, decision_on("q", policy=NEWER_POLICY)) == [AuditRule.POLICY]
    assert rules(decision_on("q", manifest_hash=digest_of("another"))) == [AuditRule.DATASET]
    assert rules(newer, decision_on("q")) == [AuditRule.POLICY]
    assert rules(newer, older) == [AuditRule.POLICY]
    assert rules(RosterAccepted(roster=NEWER_ROSTER), decision_on("q", roster=NEWER_ROSTER)) == []
    assert rules(RosterAccepted(roster=NEWER_ROSTER), RosterAccepted(roster=ROSTER)) == [AuditRule.ROSTER]
    assert rules(RosterAccepted(roster=RosterRef(version=3, hash="05" * 32))) == [AuditRule.ROSTER] * 2


def test_a_query_that_is_aborted_at_the_next_start_names_the_rules_of_its_reservation() -> None:
    newer = PolicyPublished(policy=NEWER_POLICY, policy_hash=digest_of("newer policy"), opening=opening_of("deny"))
    assert rules(newer, RosterAccepted(roster=NEWER_ROSTER), aborted("q")) == []


def test_an_answer_over_the_former_data_may_come_late() -> None:
    assert rules(DataVersion(dataset=PERMITS, data_version=5), decision_on("q")) == []


def test_an_open_dataset_needs_no_tables_and_what_was_released_can_be_recalled() -> None:
    served = (
        DatasetRegistered(
            dataset=ROADS, level="open", manifest_hash=MANIFEST_HASH, contract_hash=digest_of("contract")
        ),
        DataVersion(dataset=ROADS, data_version=7),
    )
    at = {"dataset": ROADS, "level": "open", "data_version": 7}
    assert rules(*served, decision_on("q", **at), recalled("q again", result_hash=digest_of("a2"), **at)) == []


def test_a_waiting_question_releases_nothing() -> None:
    waiting = decision_on(
        "q",
        decision=Decision.NEEDS_APPROVAL,
        opening=opening_of("query", "analyst"),
    )
    assert rules(waiting, recalled("q2")) == [AuditRule.RECALLED]


def test_a_peer_that_shrinks_or_forks_is_found() -> None:
    head = PeerHead(origin="node.bremen/log", size=12, root="0b" * 32)
    assert rules(head, head, replace(head, size=13, root="0c" * 32)) == []
    assert rules(head, replace(head, size=11)) == [AuditRule.PEER_HEAD]
    (forked,) = findings(head, replace(head, root="0c" * 32))
    assert "forked" in forked.text


def test_times_never_go_back() -> None:
    writer = Writer().write(*BEGINNING).write(decision_on("q"), time_unix_s=NOON)
    assert [finding.rule for finding in audit_entries(writer.leaves, SUBJECT)] == [AuditRule.TIME]


def test_another_citys_entry_is_found() -> None:
    writer = Writer().write(*BEGINNING).write(decision_on("q"), node="bremen")
    assert [finding.rule for finding in audit_entries(writer.leaves, SUBJECT)] == [AuditRule.NODE]


def test_a_log_begins_with_the_genesis_of_this_very_log() -> None:
    without = list(audit_entries(Writer().write(*BEGINNING[1:]).leaves, SUBJECT))
    assert [(finding.index, finding.rule) for finding in without] == [(0, AuditRule.GENESIS), (6, AuditRule.KEY)]
    other = replace(SUBJECT, origin="node.bremen/log")
    assert rules(subject=other) == [AuditRule.GENESIS]


def test_the_log_says_itself_which_key_signs_it() -> None:
    newer = replace(SUBJECT, log_key=b"\x07" * 32)
    assert rules(subject=newer) == [AuditRule.KEY]
    assert rules(KeyAdded(role=KeyRole.LOG, key=newer.log_key.hex()), subject=newer) == []
    assert rules(KeyRetired(role=KeyRole.LOG, key=LOG_KEY.hex())) == [AuditRule.KEY]


def test_an_empty_log_has_no_key() -> None:
    assert [finding.index for finding in audit_entries([], SUBJECT)] == [0]


def test_a_leaf_that_is_no_entry_is_a_finding_and_the_rest_is_read_on() -> None:
    leaves = Writer().write(*BEGINNING, decision_on("q"), OpeningRead(index=9, field="causes", reader="bremen")).leaves
    leaves.insert(len(BEGINNING), b"{}")
    assert [(each.index, each.rule) for each in audit_entries(leaves, SUBJECT)] == [(len(BEGINNING), AuditRule.SCHEMA)]


def test_the_fold_hands_out_each_entry_as_it_goes() -> None:
    audit = Audit(SUBJECT)
    taken = [audit.take(leaf) for leaf in Writer().write(*ONE_OF_EACH).leaves]
    assert [read.entry.body for read, _ in taken if read is not None] == list(ONE_OF_EACH)
    assert audit.size == len(ONE_OF_EACH)
    assert audit.finish() == ()
