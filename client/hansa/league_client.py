"""A league that can be asked: from SQL to a verified, merged and shaped answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, partial
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from hansa.answer import Answer
from hansa.ask import CityWord, OnProgress, SignedQuery, gather, sign_query
from hansa.question import addressed_cities, demanded_cities, read_question, stated_purpose
from hansa.verify import Expected, VerifiedRelease, verify_answer, verify_description, verify_dry_run
from hansa_core.query.answer import DryRun, Refusal
from hansa_core.query.canonical import plan_hash
from hansa_core.query.contract import Contract
from hansa_core.query.plan import ContractId
from hansa_core.query.query import NONCE_BYTES, Query
from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Envelope, Signer
from hansa_core.trust.members import Member
from hansa_core.trust.roster import Roster
from hansa_wire.coordinator_rpc import CoordinatorClient
from hansa_wire.description import Description
from hansa_wire.limits import MAX_DEADLINE_S
from hansa_wire.progress import CityEvent

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.outer import OuterEngine
    from hansa_core.query.sql.statement import Statement

DEFAULT_DEADLINE_S = 30.0
_STATEMENTS_KEPT = 64
_NO_TABLES: Mapping[str, object] = MappingProxyType({})
_CLOCK_MARGIN_S = 120.0  # a query outlives its deadline by this much, so that cities' clocks may differ


class League:
    """The cities, contracts and keys of one profile. Use `hansa.connect` to make one; close it when done.

    `now`: naive UTC in whole seconds. `draw`: that many unpredictable bytes.
    """

    def __init__(
        self,
        *,
        roster: Roster,
        contracts: Mapping[ContractId, Contract],
        credential: Envelope,
        signer: Signer,
        coordinator: CoordinatorClient,
        close: Callable[[], None],
        purpose: str | None,
        now: Callable[[], datetime],
        draw: Callable[[int], bytes],
    ) -> None:
        self.roster = roster
        self.contracts = contracts
        self._credential = credential
        self._signer = signer
        self._coordinator = coordinator
        self._purpose = purpose
        self._now = now
        self._draw = draw
        self._hang_up = close
        # A dashboard asks the same statements again and again; what they mean follows from league and text alone.
        self._read = lru_cache(maxsize=_STATEMENTS_KEPT)(partial(read_question, contracts=contracts, roster=roster))

    def close(self) -> None:
        """Hang up; the league cannot be asked any more."""
        self._hang_up()
        if "_outer" in self.__dict__:
            self._outer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<League {self.roster.league}: {', '.join(self.roster.cities)}>"

    def sql(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        min_cities: int | None = None,
        partial: bool = False,
        tables: Mapping[str, object] = _NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgress | None = None,
    ) -> Answer:
        """Ask every addressed city and merge what they sign.

        `purpose`: by default the profile's. `min_cities`: how many have to answer for `Answer.exit_code` 0; by default
        all addressed ones, with `partial` one. `partial`: show a value that lacks a city over the others, marked,
        instead of withholding it. `tables`: the analyst's own, by the name that the statement joins them under: frames,
        Arrow tables, or paths of Parquet or CSV files; they never leave this process. `on_progress`: told of each
        city's steps as the coordinator claims them.

        Raises RefusedError if the question breaks a rule that needs no city to tell, CoordinatorError if nobody was
        heard. A city that refuses, is late or is not trusted raises nothing: it stands in `Answer.cities`.
        """
        from hansa.shape import shape_answer  # DuckDB, which only an answer needs

        own = _own(tables)
        asked = self._read(statement, _columns(own))
        cities = addressed_cities(asked, self.roster)
        enough = demanded_cities(min_cities, cities, partial=partial)
        query = self._query(asked, cities, purpose, deadline_s)
        signed = sign_query(query, self._signer, payload_types.QUERY)
        contract = self.contracts[asked.plan.source]
        expected = Expected(query_hash=signed.hash, plan_hash=plan_hash(asked.plan), plan=asked.plan, contract=contract)

        def check(envelope: Envelope, member: Member) -> VerifiedRelease | Refusal:
            return verify_answer(envelope, member, expected)

        words = gather(self._ask(signed, deadline_s), cities, self.roster, check, on_progress)
        return shape_answer(
            asked,
            expected,
            words,
            self._outer,
            purpose=query.purpose,
            min_cities=enough,
            partial=partial,
            tables=own,
        )

    def dry_run(
        self,
        statement: str,
        *,
        purpose: str | None = None,
        tables: Mapping[str, object] = _NO_TABLES,
        deadline_s: float = DEFAULT_DEADLINE_S,
        on_progress: OnProgress | None = None,
    ) -> list[CityWord[DryRun]]:
        """What every addressed city would do with the question, by name; no data is touched. Raises as `sql` does."""
        asked = self._read(statement, _columns(_own(tables)))
        cities = addressed_cities(asked, self.roster)
        signed = sign_query(self._query(asked, cities, purpose, deadline_s), self._signer, payload_types.DRY_RUN)

        def check(envelope: Envelope, member: Member) -> DryRun:
            return verify_dry_run(envelope, member, signed.hash)

        return list(gather(self._ask(signed, deadline_s), cities, self.roster, check, on_progress).values())

    def catalogue(self, *, deadline_s: float = DEFAULT_DEADLINE_S) -> list[CityWord[Description]]:
        """What every city of the league says that it serves, by name. Raises CoordinatorError if nobody was heard."""

        def events() -> Generator[CityEvent, None, None]:
            yield from self._coordinator.catalogue(deadline_s=_checked(deadline_s))

        return list(gather(events(), self.roster.cities, self.roster, verify_description).values())

    @cached_property
    def _outer(self) -> OuterEngine:
        from hansa.outer import OuterEngine

        return OuterEngine()

    def _query(self, asked: Statement, cities: tuple[str, ...], purpose: str | None, deadline_s: float) -> Query:
        return Query(
            plan=asked.plan,
            purpose=stated_purpose(self._purpose if purpose is None else purpose, self.roster),
            league=self.roster.league,
            cities=cities,
            expires_at=self._now() + timedelta(seconds=round(_checked(deadline_s) + _CLOCK_MARGIN_S)),
            nonce=self._draw(NONCE_BYTES),
        )

    def _ask(self, signed: SignedQuery, deadline_s: float) -> Generator[CityEvent, None, None]:
        yield from self._coordinator.ask(signed.envelope, self._credential, deadline_s=deadline_s)


def _own(tables: Mapping[str, object]) -> dict[str, pa.Table]:
    if not tables:
        return {}
    from hansa.own_tables import read_own_tables  # Arrow, which the import of this package does not need

    return read_own_tables(tables)


def _columns(own: Mapping[str, pa.Table]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, tuple(table.column_names)) for name, table in own.items())


def _checked(deadline_s: float) -> float:
    if not 0.001 <= deadline_s <= MAX_DEADLINE_S:
        raise ValueError(f"deadline_s is {deadline_s}; it must be 0.001 to {MAX_DEADLINE_S:g} seconds")
    return deadline_s
