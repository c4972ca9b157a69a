"""What an analyst asks with: a league's roster and contracts, and the analyst's own keys. It sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from hansa.answer import Answer
from hansa.asking.follow import CityWord, Gathering, SignedQuery, sign_query
from hansa.answering.verify import Expected, VerifiedRelease, verify_answer, verify_description, verify_dry_run
from hansa.catalogue import Catalogue
from hansa.errors import CoordinatorError
from hansa.evidence.evidence import Evidence, LeaguePapers, evidence_of
from hansa.question.statement import (
    TableColumns,
    addressed_cities,
    columns_of,
    demanded_cities,
    read_question,
    stated_purpose,
)
from hansa_core.contract.contract import Contract
from hansa_core.league.credential import credential_from_envelope
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import DryRun, Refusal
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.plan import ContractId
from hansa_core.plan.query import NONCE_BYTES, Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.description import Description
from hansa_wire.codec.limits import MAX_DEADLINE_S

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.outer import OuterEngine
    from hansa.view.explanation import Explanation
    from hansa_core.sql.statement import Statement

DEFAULT_DEADLINE_S = 30.0
NO_TABLES: Mapping[str, object] = MappingProxyType({})
_STATEMENTS_KEPT = 64
_CLOCK_MARGIN_S = 120.0  # a query outlives its deadline by this much, so that cities' clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, ready to be sent and, once the cities have spoken, to be shaped.

    `tables`: the analyst's own, by name in lower case. `keep`: what proves the answer, once the cities have spoken.
    """

    statement: str
    asked_at: datetime
    asked: Statement
    signed: SignedQuery
    expected: Expected
    gathering: Gathering[VerifiedRelease | Refusal]
    purpose: str
    min_cities: int
    partial: bool
    tables: Mapping[str, pa.Table]
    keep: Callable[[Question], Evidence]

    def shape(self, engine: OuterEngine) -> Answer:
        """The answer from what was gathered. Raises RefusedError `mixed_levels`."""
        from hansa.answering.shape import shape_answer  # DuckDB, which only an answer needs

        return shape_answer(
            self.asked,
            self.expected,
            self.gathering.words,
            engine,
            purpose=self.purpose,
            min_cities=self.min_cities,
            partial=self.partial,
            evidence=self.keep(self),
            tables=self.tables,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """One dry run, ready to be sent."""

    asked: Statement
    contract: Contract
    purpose: str
    signed: SignedQuery
    gathering: Gathering[DryRun]

    def explain(self) -> Explanation:
        """What would be asked and computed where, and what every city would do."""
        from hansa.view.explain import explain_statement

        return explain_statement(self.asked, self.contract, self.purpose, self.verdicts)

    @property
    def verdicts(self) -> list[CityWord[DryRun]]:
        """What every addressed city would do, by name."""
        return list(self.gathering.words.values())


class Asker:
    """Makes signed questions, and answers of what comes back.

    `now`: naive UTC in whole seconds. `draw`: that many unpredictable bytes.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        contracts: Mapping[ContractId, Contract],
        papers: LeaguePapers,
        credential: Envelope,
        signer: Signer,
        purpose: str | None,
        now: Callable[[], datetime],
        draw: Callable[[int], bytes],
    ) -> None:
        self.roster = roster
        self.contracts = contracts
        self.credential = credential
        self.catalogue = Catalogue(contracts, roster)
        self._organisation = credential_from_envelope(credential, roster, now()).organisation
        self._papers = papers
        self._signer = signer
        self._purpose = purpose
        self._now = now
        self._draw = draw
        self._lock = Lock()
        self._engine: OuterEngine | None = None
        self._is_closed = False
        # A dashboard asks the same statements again and again; what they mean follows from league and text alone.
        self._read = lru_cache(maxsize=_STATEMENTS_KEPT)(self.read)

    def close(self) -> None:
        """Free what shapes answers, and ask nothing any more."""
        with self._lock:
            self._is_closed = True
            if self._engine is not None:
                self._engine.close()

    def __repr__(self) -> str:
        return f"{self.roster.league}: {', '.join(self.roster.cities)}"

    @property
    def engine(self) -> OuterEngine:
        """The one that runs the outer SELECTs; started when it is first asked for."""
        from hansa.answering.outer import OuterEngine

        with self._lock:  # questions of several threads may end at once
            if self._engine is None:
                self._engine = OuterEngine()
            return self._engine

    def read(self, statement: str, tables: TableColumns = ()) -> Statement:
        """The SQL as plan and outer SELECT. Raises RefusedError for what no city could answer."""
        return read_question(statement, tables, contracts=self.contracts, roster=self.roster)

    def question(
        self,
        statement: str,
        *,
        tables: Mapping[str, object],
        purpose: str | None,
        min_cities: int | None,
        partial: bool,
        deadline_s: float,
    ) -> Question:
        """Sign a question. Raises RefusedError, and CoordinatorError once closed."""
        own = _own(tables)
        asked = self._read(statement, columns_of(own))
        cities = addressed_cities(asked, self.roster)
        enough = demanded_cities(min_cities, cities, partial=partial)
        asked_at = self._now()
        query = self._query(asked, cities, purpose, asked_at, deadline_s)
        signed = sign_query(query, self._signer, payload_types.QUERY)
        contract = self.contracts[asked.plan.source]
        expected = Expected(
            query_hash=signed.hash,
            plan_hash=plan_hash(asked.plan),
            plan=asked.plan,
            contract=contract,
            organisation=self._organisation,
            purpose=query.purpose,
        )

        def check(given: Answered, member: Member) -> VerifiedRelease | Refusal:
            return verify_answer(given, member, expected)

        return Question(
            statement=statement,
            asked_at=asked_at,
            asked=asked,
            signed=signed,
            expected=expected,
            gathering=Gathering(cities, self.roster, check),
            purpose=query.purpose,
            min_cities=enough,
            partial=partial,
            tables=own,
            keep=self._keep,
        )

    def rehearsal(
        self, statement: str, *, tables: Mapping[str, object], purpose: str | None, deadline_s: float
    ) -> Rehearsal:
        """Sign a dry run. Raises as `question` does."""
        asked = self._read(statement, columns_of(_own(tables)))
        cities = addressed_cities(asked, self.roster)
        query = self._query(asked, cities, purpose, self._now(), deadline_s)
        signed = sign_query(query, self._signer, payload_types.DRY_RUN)

        def check(given: Answered, member: Member) -> DryRun:
            return verify_dry_run(given, member, signed.hash)

        return Rehearsal(
            asked=asked,
            contract=self.contracts[asked.plan.source],
            purpose=query.purpose,
            signed=signed,
            gathering=Gathering(cities, self.roster, check),
        )

    def enquiry(self) -> Gathering[Description]:
        """To be told by every city of the league what it serves. Raises CoordinatorError once closed."""
        self._check_open()
        return Gathering(self.roster.cities, self.roster, verify_description)

    def _keep(self, question: Question) -> Evidence:
        return evidence_of(question, signer=self._signer, credential=self.credential, papers=self._papers)

    def _check_open(self) -> None:
        if self._is_closed:
            raise CoordinatorError("the league was closed; connect again")

    def _query(
        self, asked: Statement, cities: tuple[str, ...], purpose: str | None, asked_at: datetime, deadline_s: float
    ) -> Query:
        self._check_open()
        return Query(
            plan=asked.plan,
            purpose=stated_purpose(self._purpose if purpose is None else purpose, self.roster),
            league=self.roster.league,
            cities=cities,
            expires_at=asked_at + timedelta(seconds=round(checked_deadline(deadline_s) + _CLOCK_MARGIN_S)),
            nonce=self._draw(NONCE_BYTES),
        )


def _own(tables: Mapping[str, object]) -> dict[str, pa.Table]:
    if not tables:
        return {}
    from hansa.question.own_tables import read_own_tables  # Arrow, which the import of this package does not need

    return read_own_tables(tables)


def checked_deadline(deadline_s: float) -> float:
    """The deadline, if a call may have it. Raises ValueError."""
    if not 0.001 <= deadline_s <= MAX_DEADLINE_S:
        raise ValueError(f"deadline_s is {deadline_s}; it must be 0.001 to {MAX_DEADLINE_S:g} seconds")
    return deadline_s
