"""An analyst's session with a league: reads, signs, verifies and shapes; it sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from hansa.answering.city_words import CityWord, DryRunAnswer, VerifiedRelease
from hansa.answering.clock_notes import clock_notes
from hansa.answering.cost_notes import cost_notes
from hansa.answering.fixed_notes import fixed_notes
from hansa.answering.stage import OnStage, tell_nobody
from hansa.answering.verify import verify_answer, verify_dry_run
from hansa.asking.sign import SignedQuery, sign_query
from hansa.errors import CoordinatorError
from hansa.evidence.evidence import LeagueDocuments, ProvenAnswer, evidence_of
from hansa.question.options import AskOptions, Params
from hansa.question.question import Expected, Question, QuestionPart
from hansa.question.statement import (
    TableColumns,
    columns_of,
    demanded_cities,
    distinct_queries,
    read_question,
    stated_purpose,
)
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.league.credential import credential_from_envelope
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import DryRun, Refusal
from hansa_core.plan.plan import Plan
from hansa_core.plan.query import NONCE_BYTES, Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signer
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.clocks import HeardClock

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.outer import OuterEngine
    from hansa_core.sql.parameters import Parameter
    from hansa_core.sql.statement import Statement

_STATEMENTS_KEPT = 64
_CLOCK_MARGIN_S = 120.0  # a query outlives its deadline by this much, so that cities' clocks may differ


Words = Sequence[Mapping[str, CityWord[VerifiedRelease | Refusal]]]
"""Of each query of a question, what every addressed city said, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPart:
    """One query of a question, ready to be sent."""

    part: QuestionPart
    signed: SignedQuery

    @property
    def cities(self) -> tuple[str, ...]:
        """Whom it is sent to."""
        return self.part.cities

    def verify(self, given: Answered, member: Member) -> VerifiedRelease | Refusal:
        """What `member` signed about this query. Raises TrustError as `verify_answer`."""
        return verify_answer(given, member, self.part.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedQuestion:
    """A question, ready to be sent: each of its queries."""

    question: Question
    parts: tuple[SignedPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDryPart:
    """One query of a dry run, ready to be sent to the `cities`."""

    contract: Contract
    cities: tuple[str, ...]
    signed: SignedQuery

    def verify(self, given: Answered, member: Member) -> DryRun:
        """The verdict that `member` signed about this dry run. Raises TrustError as `verify_dry_run`."""
        return verify_dry_run(given, member, self.signed.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDryRun:
    """A dry run, ready to be sent. `part_of`: of each question in `asked` the place of its query in `parts`."""

    asked: Statement
    purpose: str
    asked_at: datetime
    parts: tuple[SignedDryPart, ...]
    part_of: tuple[int, ...]

    def answer(self, words: Sequence[Mapping[str, CityWord[DryRun]]], coordinator_ahead_s: int | None) -> DryRunAnswer:
        """What the cities would do. `words`: of each query, of every addressed city, by name."""
        return DryRunAnswer(
            asked=self.asked,
            contracts=tuple(self.parts[place].contract for place in self.part_of),
            purpose=self.purpose,
            parts=tuple(tuple(said.values()) for said in words),
            part_of=self.part_of,
            notes=(
                *clock_notes(self.asked_at, words[0], coordinator_ahead_s),
                *fixed_notes(self.asked),
                *cost_notes(words),
            ),
        )


class AnalystSession:
    """A league's roster and contracts, and the analyst's own keys.

    `purpose`: of a question that names none. `now`: naive UTC in whole seconds. `draw`: that many unpredictable bytes.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        contracts: Mapping[ContractId, Contract],
        league_documents: LeagueDocuments,
        credential: Envelope,
        signer: Signer,
        purpose: str | None,
        now: Callable[[], datetime],
        draw: Callable[[int], bytes],
    ) -> None:
        self.roster = roster
        self.contracts = contracts
        self.credential = credential
        self._organisation = credential_from_envelope(credential, roster, now()).organisation
        self._league_documents = league_documents
        self._signer = signer
        self._purpose = purpose
        self._now = now
        self._draw = draw
        self._lock = Lock()
        self._engine: OuterEngine | None = None
        self._is_closed = False
        # A dashboard asks the same statements again and again.
        self._kept = lru_cache(maxsize=_STATEMENTS_KEPT)(self._read)

    def close(self) -> None:
        """Close the engine of the outer SELECT; nothing can be asked any more."""
        with self._lock:
            self._is_closed = True
            if self._engine is not None:
                self._engine.close()

    def check_open(self) -> None:
        """Raise CoordinatorError once the session was closed."""
        if self._is_closed:
            raise CoordinatorError("the league was closed; connect again")

    def __repr__(self) -> str:
        return f"{self.roster.league}: {', '.join(self.roster.cities)}"

    def read(self, statement: str, tables: TableColumns = (), parameters: tuple[Parameter, ...] = ()) -> Statement:
        """The SQL as plan and outer SELECT, asked now. Raises RefusedError for what no city could answer."""
        return self._read(statement, tables, parameters, self._now())

    def _read(
        self, statement: str, tables: TableColumns, parameters: tuple[Parameter, ...], asked_at: datetime | None
    ) -> Statement:
        return read_question(statement, tables, parameters, asked_at, contracts=self.contracts, roster=self.roster)

    def _read_at(
        self, statement: str, tables: TableColumns, parameters: tuple[Parameter, ...], asked_at: datetime
    ) -> Statement:
        """As `read`; what a statement means follows from league and text alone, unless it asks for the time."""
        from hansa_core.sql.asking_time import may_ask_for_time  # sqlglot, which only a statement needs

        moment = asked_at if may_ask_for_time(statement) else None
        return self._kept(statement, tables, parameters, moment)

    def question(self, statement: str, options: AskOptions) -> SignedQuestion:
        """Read, check and sign a question. Raises RefusedError, and CoordinatorError once closed."""
        own, parameters = _own(options.tables), _bound(options.params)
        asked_at = self._now()
        asked = self._read_at(statement, columns_of(own), parameters, asked_at)
        queries, part_of = distinct_queries(asked, self.roster)
        parts = tuple(self._part(plan, cities, options, asked_at) for plan, cities in queries)
        question = Question(
            statement=statement,
            asked_at=asked_at,
            asked=asked,
            parts=tuple(one.part for one in parts),
            part_of=part_of,
            partial=options.partial,
            tables=own,
            parameters=parameters,
        )
        return SignedQuestion(question=question, parts=parts)

    def _part(self, plan: Plan, cities: tuple[str, ...], options: AskOptions, asked_at: datetime) -> SignedPart:
        min_cities = demanded_cities(options.min_cities, cities, partial=options.partial)
        query = self._query(plan, cities, options, asked_at)
        signed = sign_query(query, self._signer, payload_types.QUERY)
        expected = Expected.to(query, signed.hash, plan, self.contracts[plan.source], self._organisation)
        return SignedPart(part=QuestionPart(expected=expected, cities=cities, min_cities=min_cities), signed=signed)

    def dry_run(self, statement: str, options: AskOptions) -> SignedDryRun:
        """Read, check and sign a dry run: it is refused for whatever the question would be. Raises as `question`."""
        asked_at = self._now()
        asked = self._read_at(statement, columns_of(_own(options.tables)), _bound(options.params), asked_at)
        queries, part_of = distinct_queries(asked, self.roster)
        parts, purpose = [], ""
        for plan, cities in queries:
            demanded_cities(options.min_cities, cities, partial=options.partial)
            query = self._query(plan, cities, options, asked_at)
            purpose = query.purpose
            signed = sign_query(query, self._signer, payload_types.DRY_RUN)
            parts.append(SignedDryPart(contract=self.contracts[plan.source], cities=cities, signed=signed))
        return SignedDryRun(asked=asked, purpose=purpose, asked_at=asked_at, parts=tuple(parts), part_of=part_of)

    def ahead_s(self, heard: HeardClock) -> int | None:
        """How far the clock that was heard just now is ahead of the own one, in seconds; None: none was heard."""
        return None if heard.says is None else round((heard.says - self._now()).total_seconds())

    def with_clock(self, silent: CoordinatorError, heard: HeardClock) -> CoordinatorError:
        """The error with a sentence about the clocks, where they differ."""
        told = (str(silent), *clock_notes(self._now(), {}, self.ahead_s(heard)))
        return CoordinatorError(". ".join(told)) if len(told) > 1 else silent

    def answer(
        self,
        asked: SignedQuestion,
        words: Words,
        coordinator_ahead_s: int | None,
        on_stage: OnStage = tell_nobody,
    ) -> ProvenAnswer:
        """The answer from what every addressed city said to each query, with its evidence.

        Raises RefusedError as `shape_answer`.
        """
        from hansa.answering.shape import shape_answer  # DuckDB, which only an answer needs

        question = replace(asked.question, coordinator_ahead_s=coordinator_ahead_s)
        evidence = evidence_of(
            question,
            words,
            queries=[part.signed.envelope for part in asked.parts],
            signer=self._signer,
            credential=self.credential,
            league_documents=self._league_documents,
        )
        answer = shape_answer(question, words, self._outer_engine(), on_stage)
        return ProvenAnswer(answer=answer, evidence=evidence)

    def _outer_engine(self) -> OuterEngine:
        """The one that runs the outer SELECTs; started when it is first asked for."""
        from hansa.answering.outer import OuterEngine

        with self._lock:  # questions of several threads may end at once, and one while the league is closed
            self.check_open()
            if self._engine is None:
                self._engine = OuterEngine()
            return self._engine

    def _query(self, plan: Plan, cities: tuple[str, ...], options: AskOptions, asked_at: datetime) -> Query:
        self.check_open()
        purpose = self._purpose if options.purpose is None else options.purpose
        return Query(
            plan=plan,
            purpose=stated_purpose(purpose, self.roster),
            league=self.roster.league,
            cities=cities,
            expires_at=asked_at + timedelta(seconds=round(options.deadline_s + _CLOCK_MARGIN_S)),
            nonce=self._draw(NONCE_BYTES),
            level=options.level,
        )


def _bound(params: Params) -> tuple[Parameter, ...]:
    if isinstance(params, Mapping | list | tuple) and not params:
        return ()
    from hansa.question.parameters import read_parameters  # sqlglot, which the import of this package does not need

    return read_parameters(params)


def _own(tables: Mapping[str, object]) -> dict[str, pa.Table]:
    if not tables:
        return {}
    from hansa.question.own_tables import read_own_tables  # Arrow, which the import of this package does not need

    return read_own_tables(tables)
