"""Replay: derives an answer again from its evidence, offline, and verifies every document on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from hansa.answering.city_words import CityWord, VerifiedRelease, city_word
from hansa.answering.coverage import CityReport
from hansa.answering.outer import OuterEngine
from hansa.answering.shape import shape_answer
from hansa.answering.shaped import ShapedAnswer
from hansa.answering.verify import RECEIPT_CODES, verify_answer
from hansa.errors import TrustError
from hansa.evidence.account import Account, read_account
from hansa.evidence.evidence import Evidence, QueryEvidence
from hansa.evidence.evidence_folder import (
    CREDENTIAL,
    ROSTER,
    SIGNED_QUESTION,
    answer_name,
    blame,
    check_copy,
    contract_name,
    query_name,
    read_evidence,
    receipt_name,
    table_name,
)
from hansa.evidence.kept_tables import read_kept
from hansa.question.question import Expected, Question, QuestionPart
from hansa.question.statement import columns_of, distinct_queries, read_question
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.documents.strict_json import read_object
from hansa_core.errors import PeerError
from hansa_core.league.credential import Credential, credential_from_envelope
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster, roster_from_envelope
from hansa_core.partial.answer import Refusal
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.plan import Plan
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_core.signing.keys import read_public_keys
from hansa_local.contract_files import contract_in
from hansa_local.trust_anchor import TrustAnchor
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.codec.query_codec import decode_query


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """An answer that was derived again, and what it rests on: who asked and when, under which roster."""

    answer: ShapedAnswer
    evidence: Evidence
    account: Account
    analyst: Credential
    roster: Roster


def replay_folder(folder: Path, anchor: TrustAnchor | None = None) -> Replay:
    """Derive again the answer whose evidence lies in `folder`, without asking anybody.

    `anchor`: whose governors to trust; None: those that the folder's roster names, which proves only that its documents
    belong together. Raises TrustError that names the first file that does not hold, ConfigError for no folder.
    """
    evidence = read_evidence(folder)
    replayed = replay(evidence, anchor)
    check_copy(folder, evidence)
    return replayed


def replay(evidence: Evidence, anchor: TrustAnchor | None = None) -> Replay:
    """As `replay_folder`, for evidence in memory. Everything is judged as of the time of asking."""
    roster = _roster(evidence, anchor)
    contracts = _contracts(evidence, roster)
    with blame(SIGNED_QUESTION):
        account = read_account(evidence.account.payload)
    analyst = _analyst(evidence, roster, account)
    with blame(SIGNED_QUESTION):
        verify(evidence.account, payload_types.QUESTION, [analyst.key])
    if account.asked_at >= roster.expires:
        raise TrustError("roster_expired", f"{ROSTER}: had expired when the question was asked")
    queries = [_query(place, one.query, analyst, roster, account) for place, one in enumerate(evidence.queries)]
    tables = _tables(evidence, account)
    with blame(SIGNED_QUESTION):
        asked = read_question(
            account.statement,
            columns_of(tables),
            account.parameters,
            account.asked_at,
            contracts=contracts,
            roster=roster,
        )
        wanted, part_of = distinct_queries(asked, roster)
    _check_asked(wanted, queries, account)
    parts = tuple(
        QuestionPart(
            expected=Expected.to(
                query,
                hashlib.sha256(one.query.payload).digest(),
                plan,
                contracts[plan.source],
                analyst.organisation,
            ),
            cities=cities,
            min_cities=told.min_cities,
        )
        for one, query, (plan, cities), told in zip(evidence.queries, queries, wanted, account.asked, strict=True)
    )
    question = Question(
        statement=account.statement,
        asked_at=account.asked_at,
        asked=asked,
        parts=parts,
        part_of=part_of,
        partial=account.partial,
        tables=tables,
        parameters=account.parameters,
        coordinator_ahead_s=account.coordinator_ahead_s,
    )
    words = [
        {report.city: _word(place, report, one, roster, part.expected) for report in told.cities}
        for place, (one, part, told) in enumerate(zip(evidence.queries, parts, account.asked, strict=True))
    ]
    with OuterEngine() as engine:
        answer = shape_answer(question, words, engine)
    return Replay(answer=answer, evidence=evidence, account=account, analyst=analyst, roster=roster)


def _roster(evidence: Evidence, anchor: TrustAnchor | None) -> Roster:
    """The roster that enough governors signed; whether it was in force is judged once the time of asking is proven."""
    with blame(ROSTER):
        envelope = envelope_from_json(evidence.league_documents.roster)
        if anchor is not None:
            keys, threshold = anchor.governance_keys, anchor.governance_threshold
        else:
            named = read_object(envelope.payload, "roster")
            keys, threshold = read_public_keys(named, "governance_keys"), named.whole("governance_threshold")
        return roster_from_envelope(envelope, keys, threshold, datetime.min)


def _contracts(evidence: Evidence, roster: Roster) -> Mapping[ContractId, Contract]:
    contracts: dict[ContractId, Contract] = {}
    for contract, digest in roster.contracts.items():
        name = contract_name(contract)
        document = evidence.league_documents.contracts.get(contract)
        if document is None:
            raise TrustError("evidence_missing", f"{name}: is not there, but the roster names it")
        if hashlib.sha256(document).hexdigest() != digest:
            raise TrustError("contract_invalid", f"{name}: is not the file that the roster names")
        with blame(name, "contract_invalid"):
            contracts[contract] = contract_in(document, Path(name))
    return contracts


def _analyst(evidence: Evidence, roster: Roster, account: Account) -> Credential:
    with blame(CREDENTIAL):
        return credential_from_envelope(evidence.credential, roster, account.asked_at)


def _query(place: int, envelope: Envelope, analyst: Credential, roster: Roster, account: Account) -> Query:
    with blame(query_name(place)):
        query = decode_query(verify(envelope, payload_types.QUERY, [analyst.key]))
        if query.league != roster.league:
            raise PeerError(f"asks the league {query.league}, the roster is of {roster.league}")
    if account.asked_at >= query.expires_at:
        rule = f"had expired when {SIGNED_QUESTION} says that it was asked"
        raise TrustError("query_expired", f"{query_name(place)}: {rule}")
    return query


def _check_asked(wanted: Sequence[tuple[Plan, tuple[str, ...]]], queries: Sequence[Query], account: Account) -> None:
    """Raise TrustError unless the statement asks exactly the queries, and the account tells of each addressed city."""
    for place, (query, told) in enumerate(zip_longest(queries, account.asked)):
        one = wanted[place] if place < len(wanted) else None
        is_asked = one is not None and query is not None and plan_hash(one[0]) == plan_hash(query.plan)
        if one is None or query is None or not is_asked or one[1] != query.cities:
            raise TrustError("wrong_query", f"{SIGNED_QUESTION}: its statement is not what {query_name(place)} asks")
        if told is None or tuple(report.city for report in told.cities) != query.cities:
            rule = "does not tell of each addressed city once, by name"
            raise TrustError("evidence_invalid", f"{SIGNED_QUESTION}: {rule}")
    if len(wanted) > len(queries):
        name = query_name(len(queries))
        raise TrustError("evidence_missing", f"{name}: is not there, but {SIGNED_QUESTION} asks it")


def _tables(evidence: Evidence, account: Account) -> dict[str, pa.Table]:
    """The analyst's own tables that the statement may join, by name: those that the account names, byte for byte."""
    tables: dict[str, pa.Table] = {}
    for table, digest in account.tables.items():
        name = table_name(table)
        content = evidence.tables.get(table)
        if content is None:
            raise TrustError("evidence_missing", f"{name}: is not there, but {SIGNED_QUESTION} names it")
        if hashlib.sha256(content).hexdigest() != digest:
            raise TrustError("evidence_invalid", f"{name}: is not the table that {SIGNED_QUESTION} names")
        with blame(name):
            tables[table] = read_kept(table, content)
    return tables


def _word(
    place: int, report: CityReport, evidence: QueryEvidence, roster: Roster, expected: Expected
) -> CityWord[VerifiedRelease | Refusal]:
    """A city's own word, verified as when it came; of a city without one, what was told then.

    Raises TrustError that names the city's receipt or answer, whichever does not hold.
    """
    if not report.proven:
        return CityWord(report=report, word=None)

    def check(given: Answered, member: Member) -> VerifiedRelease | Refusal:
        return verify_answer(given, member, expected)

    word = city_word(_event(place, report, evidence), roster.member(report.city), check)
    if word.word is None:
        is_receipt = word.report.code in RECEIPT_CODES
        name = (receipt_name if is_receipt else answer_name)(report.city, place)
        raise TrustError(word.report.code, f"{name}: {word.report.rule}")
    return word


def _event(place: int, report: CityReport, evidence: QueryEvidence) -> CityEvent:
    given = evidence.answers.get(report.city)
    if given is None:
        rule = f"{answer_name(report.city, place)}: is not there, but {SIGNED_QUESTION} tells of it"
        raise TrustError("evidence_missing", rule)
    return CityEvent(
        city=report.city,
        state=CityState.ANSWERED,
        elapsed_ms=report.elapsed_ms,
        answer=given.envelope,
        receipt=given.receipt,
    )
