"""The evidence of an answer: everything from which its table can be derived and proven again years later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa.answering.shaped import ShapedAnswer
from hansa.evidence.account import Account, AskedAccount, sign_account
from hansa.question.question import Question
from hansa_core.contract.ids import ContractId
from hansa_core.partial.answer import Refusal
from hansa_core.signing.dsse import Envelope, Signer
from hansa_wire.codec.answered import Answered

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LeagueDocuments:
    """The league's documents, byte for byte as the governors signed them.

    `roster`: the file `roster.json`. `contracts`: each contract's file; the roster has its hash.
    """

    roster: bytes
    contracts: Mapping[ContractId, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class QueryEvidence:
    """One query as sent, and what each city gave whose word was proven, by name."""

    query: Envelope
    answers: Mapping[str, Answered]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """Everything that a table follows from. Nothing in it is verified before `replay` has done so.

    `account`: what the analyst says to have asked (`hansa.evidence.account`), signed. `query`, `credential`: as sent.
    `answers`: what each city gave whose word was proven, by name. `further`: the other queries of a statement that asks
    several questions. `tables`: the analyst's own that the statement could
    join (`hansa.evidence.kept_tables`), by name in lower case.
    """

    account: Envelope
    query: Envelope
    credential: Envelope
    league_documents: LeagueDocuments
    answers: Mapping[str, Answered]
    tables: Mapping[str, bytes]
    further: tuple[QueryEvidence, ...] = ()

    @property
    def queries(self) -> tuple[QueryEvidence, ...]:
        """Every query with what the cities gave to it, in the order in which they were asked."""
        return (QueryEvidence(query=self.query, answers=self.answers), *self.further)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ProvenAnswer:
    """An answer with the evidence that it follows from."""

    answer: ShapedAnswer
    evidence: Evidence


def evidence_of(
    question: Question,
    words: Sequence[Mapping[str, CityWord[VerifiedRelease | Refusal]]],
    *,
    queries: Sequence[Envelope],
    signer: Signer,
    credential: Envelope,
    league_documents: LeagueDocuments,
) -> Evidence:
    """The evidence of a question: what each city proved, byte for byte. `words`: of each query, by city."""
    tables = _kept(question.tables)
    account = Account(
        asked_at=question.asked_at,
        statement=question.statement,
        parameters=question.parameters,
        tables={name: hashlib.sha256(content).hexdigest() for name, content in tables.items()},
        partial=question.partial,
        asked=tuple(
            AskedAccount(min_cities=part.min_cities, cities=tuple(word.report for word in said.values()))
            for part, said in zip(question.parts, words, strict=True)
        ),
        coordinator_ahead_s=question.coordinator_ahead_s,
    )
    first, *further = [
        QueryEvidence(query=query, answers={city: word.proof for city, word in said.items() if word.proof is not None})
        for query, said in zip(queries, words, strict=True)
    ]
    return Evidence(
        account=sign_account(account, signer),
        query=first.query,
        credential=credential,
        league_documents=league_documents,
        answers=first.answers,
        tables=tables,
        further=tuple(further),
    )


def _kept(own: Mapping[str, pa.Table]) -> dict[str, bytes]:
    if not own:
        return {}
    from hansa.evidence.kept_tables import write_kept  # Arrow, which most questions load only for their answer

    return {name: write_kept(table) for name, table in own.items()}
