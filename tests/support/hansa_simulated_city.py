"""Simulated cities behind a real coordinator: real gRPC, mutual TLS, signatures and receipts, chosen faults."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import grpc.aio
import pyarrow as pa
import yaml

from hansa_coordinator.service import RunningCoordinator, start
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import DryRun, Refusal, Release, SignedAnswer
from hansa_core.partial.partial import partial_from_rows, rows_of, write_partial
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.limits import MAX_CELLS
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_league.files.league_layout import LeagueLayout
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.coordinator_config import load_config
from hansa_local.key_file import read_signer
from hansa_local.peer_clocks import PeerClocks
from hansa_memory_log import MemoryLog, decision_on
from hansa_node.engines.reference import ReferenceEngine
from hansa_ports import free_ports
from hansa_thread_loop import loop_in_thread
from hansa_wire.attach.attachment import NodeAnswerer
from hansa_wire.attach.attachments import Attachments
from hansa_wire.codec.answer_codec import encode_answer, encode_dry_run
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.description import DatasetDescription, Description
from hansa_wire.codec.description_codec import encode_description
from hansa_wire.codec.query_codec import decode_query
from hansa_wire.rpc.node_rpc import add_node_service
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import server_credentials, spki_of

CITIES = ("bremen", "hamburg", "luebeck")
CONTRACT_TEXT = """\
contract: harbour.ships/1
title: Ships that called at a harbour
unit: ship
unit_scope: global
max_cities_per_unit: 3
least_level: open
columns:
  ship: {type: text, meaning: The ship's own number, identifier: true, required: true}
  kind: {type: text, meaning: What it carries, required: true, domain: [cog, hulk, holk]}
  quay: {type: text, meaning: The city's own name of the quay, required: true, per_city: true}
  year: {type: integer, meaning: The year of the call, required: true, quantum: 1, lower: 1300, upper: 1500}
  tons: {type: number, meaning: Its load, unit: t, quantum: 0.5, lower: 0, upper: 500}
"""

ROWS: Mapping[str, Sequence[Mapping[str, Value | None]]] = {
    "bremen": [
        {"ship": "b1", "kind": "cog", "quay": "Schlachte", "year": 1400, "tons": 100},
        {"ship": "b2", "kind": "cog", "quay": "Schlachte", "year": 1401, "tons": 200},
        {"ship": "b3", "kind": "hulk", "quay": "Tiefer", "year": 1401, "tons": None},
    ],
    "hamburg": [
        {"ship": "h1", "kind": "cog", "quay": "Nikolai", "year": 1400, "tons": 301},
        {"ship": "b1", "kind": "hulk", "quay": "Nikolai", "year": 1402, "tons": 40},
    ],
    "luebeck": [
        {"ship": f"l{number}", "kind": "hulk", "quay": "Trave", "year": 1400 + number % 3, "tons": number}
        for number in range(900)
    ],
}

_T = TypeVar("_T")


class Fault(StrEnum):
    """What a city does wrong, or a question meets there."""

    NONE = "none"
    SLOW = "slow"  # never answers
    LATE = "late"  # answers after a while
    REFUSE = "refuse"  # a signed refusal
    REJECT = "reject"  # an unsigned one: the envelope could not be verified
    CRASH = "crash"
    TAMPERED = "tampered"  # a bit of the signed payload is changed
    WRONG_KEY = "wrong key"
    WRONG_CITY = "wrong city"
    WRONG_QUERY = "wrong query"
    WRONG_PLAN = "wrong plan"
    BAD_PARTIAL = "bad partial"
    STEERING = "steering"  # a refusal whose text tries to steer the terminal
    SUPPRESSED = "suppressed"  # the first cell is suppressed
    NO_RECEIPT = "no receipt"
    FOREIGN_LOG = "foreign log"  # a receipt from a log that is not the city's
    OTHER_DECISION = "other decision"  # its log says that it refused what it answers


REFUSAL = Refusal(code="not_published", rule="no declared table fits", remedy="group by kind", field="keys")


def _organisation(credential: Envelope) -> str:
    """For whom is asked; a caller without papers asks for anybody."""
    papers = json.loads(credential.payload) if credential.payload.startswith(b"{") else {}
    return str(papers.get("organisation", "Anybody"))


class SimulatedCity:
    """A NodeHandler that trusts everybody and answers from rows, unless `fault` says otherwise."""

    def __init__(self, city: str, signer: Ed25519Signer, contract: Contract, log: MemoryLog) -> None:
        self.city = city
        self.log = log
        self.fault = Fault.NONE
        self.level = Level.OPEN
        self.clock_ahead = timedelta()  # of the times that it signs
        self.call_clock_ahead = timedelta()  # of the time that it tells beside a call
        self.unwitnessed_since: datetime | None = None  # as it signs
        self.refusal = REFUSAL  # what it says under Fault.REFUSE
        self.asked = 0
        self.queries: list[Query] = []
        self._payloads: set[bytes] = set()
        self._of_before: set[bytes] = set()
        self.cancelled = threading.Event()
        self._signer = signer
        self._contract = contract

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        asked = await self._begin(query)
        outcome: Release | Refusal = self.refusal
        match self.fault:
            case Fault.REFUSE:
                pass
            case Fault.STEERING:
                outcome = replace(REFUSAL, rule="\x1b[2Jall is well", remedy="<script>alert(1)</script>")
            case _:
                outcome = self._release(asked)
        answer = SignedAnswer(
            city="hamburg" if self.fault is Fault.WRONG_CITY else self.city,
            query_hash=bytes(32) if self.fault is Fault.WRONG_QUERY else hashlib.sha256(query.payload).digest(),
            nonce=secrets.token_bytes(16),
            answered_at=utc_now() + self.clock_ahead,
            outcome=outcome,
            unwitnessed_since=self.unwitnessed_since,
        )
        payload = encode_answer(answer)
        asked_as = {"organisation": _organisation(credential), "purpose": asked.purpose}
        return Answered(self._seal(payload_types.ANSWER, payload), self._receipt(answer, payload, asked_as))

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        await self._begin(query)
        report = DryRun(
            city=self.city,
            query_hash=hashlib.sha256(query.payload).digest(),
            answered_at=utc_now() + self.clock_ahead,
            level=self.level,
            refusal=REFUSAL if self.fault is Fault.REFUSE else None,
            table=None,
            cells=None,
            cost_microrho=0,
        )
        return self._seal(payload_types.DRY_RUN_REPORT, encode_dry_run(report))

    async def describe(self) -> Envelope:
        await self._misbehave()
        dataset = DatasetDescription(contract=self._contract.id, level=self.level, data_version=1, tables=())
        description = Description(city=self.city, software_version="0.1.0", described_at=utc_now(), datasets=(dataset,))
        return self._seal(payload_types.DESCRIPTION, encode_description(description))

    async def _begin(self, query: Envelope) -> Query:
        is_late = query.payload in self._of_before  # a hedged copy may come when the test that asked is over
        if not is_late:
            self.asked += 1
            self._payloads.add(query.payload)
        await self._misbehave()
        asked = decode_query(query.payload)
        if not is_late:
            self.queries.append(asked)
        return asked

    def forget(self) -> None:
        """Count anew, and no copies of what was asked until now."""
        self.asked = 0
        self.queries.clear()
        self._of_before |= self._payloads
        self._payloads.clear()

    async def _misbehave(self) -> None:
        match self.fault:
            case Fault.SLOW:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    self.cancelled.set()
                    raise
            case Fault.LATE:
                await asyncio.sleep(0.5)
            case Fault.REJECT:
                raise RefusedError("credential_expired", "the credential has expired", "ask for a new one")
            case Fault.CRASH:
                raise RuntimeError("a secret value")

    def _release(self, query: Query) -> Release:
        table = ReferenceEngine(self._contract, ROWS[self.city]).aggregate(query.plan, max_cells=MAX_CELLS)
        if self.fault is Fault.SUPPRESSED:
            table = self._without_first_cell(query, table)
        return Release(
            plan_hash=bytes(32) if self.fault is Fault.WRONG_PLAN else plan_hash(query.plan),
            contract=self._contract.id,
            level=self.level,
            data_version=7,
            protection_version=1,
            partial_ipc=b"no arrow" if self.fault is Fault.BAD_PARTIAL else write_partial(table),
        )

    def _receipt(self, answer: SignedAnswer, payload: bytes, asked_as: Mapping[str, Any]) -> bytes:
        match self.fault:
            case Fault.NO_RECEIPT:
                return b""
            case Fault.FOREIGN_LOG:
                foreign = MemoryLog(self.city, f"node.{self.city}/log", Ed25519Signer(bytes(32)))
                return foreign.decided(answer, payload, **asked_as)
            case Fault.OTHER_DECISION:
                refused = decision_on(replace(answer, outcome=REFUSAL), payload)
                return self.log.append(replace(refused, **asked_as), answer.answered_at)
        return self.log.decided(answer, payload, **asked_as)

    def _without_first_cell(self, query: Query, table: pa.Table) -> pa.Table:
        width = len(query.plan.keys)
        first, *rest = rows_of(table)
        suppressed = (*first[:width], *(None for _ in first[width:]))
        return partial_from_rows(query.plan, self._contract, [suppressed, *rest])

    def _seal(self, payload_type: str, payload: bytes) -> Envelope:
        signer = Ed25519Signer(bytes(32)) if self.fault is Fault.WRONG_KEY else self._signer
        envelope = sign(payload_type, payload, signer)
        if self.fault is Fault.TAMPERED:
            return replace(envelope, payload=payload[:-1] + bytes([payload[-1] ^ 1]))
        return envelope


class SimulatedLeague:
    """The running league. `run` runs a coroutine on the loop that serves it."""

    def __init__(self, directory: Path, roster: Roster, loop: asyncio.AbstractEventLoop) -> None:
        self.directory = directory
        self.roster = roster
        self.profile = directory / "profile.toml"
        self.contract = contract_from_document(yaml.safe_load(CONTRACT_TEXT))
        self.cities = {
            city: SimulatedCity(city, self._signer(city, "answer.key"), self.contract, self._log(city))
            for city in CITIES
        }
        self._loop = loop
        self._servers: dict[str, grpc.aio.Server] = {}
        self._attached: dict[str, Attachments] = {}
        self._coordinators: dict[str, RunningCoordinator] = {}

    def _signer(self, city: str, key: str) -> Ed25519Signer:
        return read_signer(LeagueLayout(self.directory).city(city) / key)

    def _log(self, city: str) -> MemoryLog:
        return MemoryLog(city, self.roster.member(city).log_origin, self._signer(city, "log.key"))

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    def heal(self) -> None:
        """Every city answers again."""
        for city in self.cities.values():
            city.fault, city.level = Fault.NONE, Level.OPEN
            city.clock_ahead, city.refusal = timedelta(), REFUSAL
            city.forget()
            city.cancelled.clear()

    async def start(self) -> None:
        for city in CITIES:
            if self.roster.member(city).host is not None:
                await self.start_city(city)
        await self.start_coordinator()

    async def stop(self) -> None:
        for name in list(self._coordinators):
            await self.stop_coordinator(name)
        for city in list(self._attached):
            await self.detach_city(city)
        for city in list(self._servers):
            await self.stop_city(city)

    async def start_coordinator(self, name: str = "coordinator", **changes: Any) -> RunningCoordinator:
        config = load_config(self.directory / name / "coordinator.toml")
        running = self._coordinators[name] = await start(config.model_copy(update=changes))
        return running

    def coordinator(self, name: str = "coordinator") -> RunningCoordinator:
        return self._coordinators[name]

    async def stop_coordinator(self, name: str = "coordinator") -> None:
        if name in self._coordinators:
            await self._coordinators.pop(name).stop()

    async def attach_city(self, city: str, *coordinators: str) -> None:
        """Attach the city, as its node would."""
        keys = LeagueLayout(self.directory).city(city)
        attachments = self._attached[city] = Attachments(
            city,
            NodeAnswerer(city, self.cities[city]),
            cert_pem=(keys / "tls.pem").read_bytes(),
            key_pem=(keys / "tls.key").read_bytes(),
            draw=lambda: 0.0,
            clocks=PeerClocks(utc_now),
        )
        attachments.keep([self.roster.coordinator(name) for name in coordinators], {city: 0})

    async def detach_city(self, city: str, grace_s: float = 5.0) -> None:
        await self._attached.pop(city).stop(grace_s)

    async def reaches(self, coordinator: str, *cities: str) -> None:
        """Wait until exactly these cities are attached to the coordinator, at any depth."""
        async with asyncio.timeout(60):
            while self._coordinators[coordinator].routes.reach.keys() != set(cities):
                await asyncio.sleep(0.01)

    async def start_city(self, city: str) -> None:
        """Serve the city as its node would: only the coordinator's pinned key may call."""
        member, entry = self.roster.member(city), self.roster.coordinator()
        keys = LeagueLayout(self.directory).city(city)
        credentials = server_credentials(
            (keys / "tls.pem").read_bytes(), (keys / "tls.key").read_bytes(), [entry.ca_pem]
        )
        server = new_server(max_concurrent_calls=64)
        add_node_service(
            server,
            self.cities[city],
            lambda caller: spki_of(caller.certificate) == entry.tls_spki,
            PeerClocks(lambda: utc_now() + self.cities[city].call_clock_ahead),
        )
        assert member.host is not None
        assert member.port is not None
        listen(server, member.host, member.port, credentials)
        await server.start()
        self._servers[city] = server

    def took_over(self, city: str, server: grpc.aio.Server) -> None:
        """Another server stands in the place of the city's, until it is stopped."""
        self._servers[city] = server

    async def stop_city(self, city: str) -> None:
        await self._servers.pop(city).stop(None)


@contextmanager
def simulated_league(folder: Path, *, outbound: Sequence[str] = (), replicas: int = 1) -> Iterator[SimulatedLeague]:
    """Found a league below `folder` and serve it from a thread of its own: the first coordinator, and who listens."""
    contract = folder / "ships.yaml"
    contract.write_text(CONTRACT_TEXT, encoding="utf-8")
    directory = folder / "league"
    roster = create_league(
        directory,
        name="hanse",
        cities=CITIES,
        contracts=[contract],
        ports=free_ports(2 * len(CITIES) + replicas),
        outbound=outbound,
        replicas=replicas,
    )
    with loop_in_thread() as loop:
        league = SimulatedLeague(directory, roster, loop)
        try:
            league.run(league.start())
            yield league
        finally:
            league.run(league.stop())
