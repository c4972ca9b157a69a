"""A store, a question and its answer for tests that need no node around them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.partial.answer import Release
from hansa_core.partial.release_key import ReleaseKey
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.policy.decide import Bound, Verdict, decide
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_node.clock import fresh_nonce
from hansa_node.log.identity import LogIdentity
from hansa_node.log.records import Commitment, QueryRecord
from hansa_node.node_store import NodeStore
from hansa_node.store.reservations import Reservation

NOW = datetime(2026, 5, 1, 12, 0, 0)
PERMITS = ContractId("housing.permits", 1)
NONCE = bytes(16)
POLICY, ROSTER = PolicyRef(id="permits", version=2), RosterRef(version=1, hash="12" * 32)
LOG_KEY = Ed25519Signer(b"\x01" * 32)
IDENTITY = LogIdentity(
    city="bremen", origin="node.bremen/log", signer=LOG_KEY, software="0.1.0", fresh_salt=fresh_nonce
)
ASKED = QueryRecord(
    query_hash=b"q" * 32,
    query='{"payload":"…"}',
    credential='{"payload":"…"}',
    key_id="ab" * 32,
    subject="ann",
    organisation="bremen",
    purpose="statistics",
    dataset=PERMITS,
    level=Level.OPEN,
    data_version=3,
    policy=POLICY,
    roster=ROSTER,
    policy_hash="cd" * 32,
    manifest_hash="ef" * 32,
)
RELEASE = Release(
    plan_hash=b"p" * 32, contract=PERMITS, level=Level.OPEN, data_version=3, protection_version=1, partial_ipc=b"ipc"
)
KEY = ReleaseKey(plan_hash=b"p" * 32, level=Level.OPEN, data_version=3, protection_version=1)
ANSWER = sign(payload_types.ANSWER, b"answer", Ed25519Signer(bytes(32)))
QUESTION = Query(
    plan=Plan(PERMITS, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)),
    purpose="statistics",
    league="hanse",
    cities=("bremen",),
    expires_at=NOW,
    nonce=NONCE,
)
COMMITMENT = Commitment(
    asked=ASKED,
    nonce=NONCE,
    decided_at=NOW,
    code=None,
    recalled=False,
    answer=ANSWER,
    after_expiry=False,
    release=RELEASE,
    causes={},
    reservation=None,
)


def refusal(number: int) -> Commitment:
    """A refusal of a question of its own."""
    asked = replace(ASKED, query_hash=number.to_bytes(32, "big"))
    nonce = number.to_bytes(16, "big")
    return replace(COMMITMENT, asked=asked, nonce=nonce, code="denied", release=None)


RESIDENTS = LedgerCharge(ledger="residents", cost=7, limit=100)


@dataclass(frozen=True)
class FixedPrice:
    """A question that costs so much, and is answered while that is left."""

    charges: tuple[LedgerCharge, ...] = ()

    @property
    def ledgers(self) -> list[str]:
        return [charge.ledger for charge in self.charges]

    def decide(self, spent: Mapping[str, int]) -> Verdict:
        return decide(QUESTION, Bound(level=Level.OPEN, charges=self.charges), spent=spent)


def reserved(
    store: NodeStore, asked: QueryRecord, nonce: bytes, *, charges: tuple[LedgerCharge, ...] = (), now: datetime
) -> Reservation:
    """The reservation of a question whose charges are there to be spent."""
    reservation = store.charge(FixedPrice(charges), asked, nonce, now=now)
    assert isinstance(reservation, Reservation)
    return reservation


def opened(path: Path, **settings: Any) -> NodeStore:
    """The store, and a log that has not begun where there was none."""
    return NodeStore.open(path, IDENTITY, **settings)


def begun(path: Path, **settings: Any) -> NodeStore:
    """The store of a node that has started."""
    store = opened(path, **settings)
    try:
        store.begin((), NodeStarted(policy=POLICY, roster=ROSTER), now=NOW)
    except BaseException:
        store.close()
        raise
    return store


class FaultyConnection:
    """A connection that runs `fault` before or after a statement: a disk that fails, or says so and has written.

    `fault`: given the statement, whether to raise before it runs; `afterwards`: to raise when it has run.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        fault: Callable[[str], bool] = lambda _: False,
        afterwards: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._fault = fault
        self._afterwards = afterwards

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def cursor(self) -> FaultyConnection:
        return self

    def execute(self, statement: str, *parameters: Any) -> sqlite3.Cursor:
        return self._guarded(statement, lambda: self._cursor.execute(statement, *parameters))

    def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
        return self._guarded(statement, lambda: self._cursor.executemany(statement, rows))

    def close(self) -> None:
        self._connection.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def _guarded(self, statement: str, run: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        if self._fault(statement):
            raise disk_error()
        done = run()
        if self._afterwards(statement):
            raise disk_error()
        return done


def disk_error() -> sqlite3.OperationalError:
    """What SQLite raises where the disk fails."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


def make_faulty(store: NodeStore, **faults: Callable[[str], bool]) -> None:
    """From now on the store's disk fails as `FaultyConnection` says."""
    writer: Any = store._writer
    writer._connection = FaultyConnection(writer._connection, **faults)


def make_sound(store: NodeStore) -> None:
    """The disk works again."""
    writer: Any = store._writer
    writer._connection = writer._connection._connection
