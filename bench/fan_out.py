"""Cost of a fan-out by the coordinator: one question carried to many nodes, and a bare gRPC fan-out to them.

The nodes are simulated, in processes of their own, and say real signed answers that were made once. The reference asks
the very same servers for the same bytes over as many warm channels under mutual TLS, with the same bound on calls at
once, from the process that asks. The coordinator also carries every answer on to the one who asks, as the bare relay
does: that is what gRPC alone takes for both hops.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import grpc
import grpc.aio
import psutil

from bare_relay import RELAY
from hansa.answering.verify import verify_answer
from hansa.asking.sign import SignedQuery, sign_query
from hansa.question.question import Expected
from hansa.question.statement import read_question
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_core.partial.answer import Release, SignedAnswer
from hansa_core.partial.partial import partial_from_rows, write_partial
from hansa_core.plan.canonical import plan_hash
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_core.plan.query import NONCE_BYTES, Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_demo.demo_league import contract_file
from hansa_demo.league import HOST, free_ports
from hansa_demo.processes import Service, running
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.contract_files import read_contracts
from hansa_local.coordinator_config import CoordinatorLimits
from hansa_local.key_file import read_signer
from hansa_local.open_files import allow_many_open_files
from hansa_local.profile import load_profile
from hansa_protos.v1 import node_pb2
from hansa_wire.codec.answer_codec import encode_answer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.envelope_codec import envelope_to_wire
from hansa_wire.codec.progress import CityState
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient
from hansa_wire.rpc.tls import dial_aio, dial_sync
from report import figure, heading, ratio
from simulated_nodes import ASK
from simulated_receipt import receipt_of

WARM_UP = 5
CALLS = 6_000  # node calls that are measured for each size, so that all sizes take about as long
MOST_PAIRS = 100
_HOSTS = 2  # processes that host the nodes
_DEADLINE_S = 60.0
_CONTRACT = ContractId("mobility.trips", 1)
_SQL = """
SELECT zone, vehicle_type, COUNT(*) AS n, AVG(duration) AS seconds, COUNT(*) FILTER (WHERE distance > 5000) AS far
FROM mobility.trips GROUP BY zone, vehicle_type"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One signed question to every city of a league of simulated nodes."""

    directory: Path
    roster: Roster
    query: SignedQuery
    credential: Envelope
    answer_bytes: int

    @property
    def request(self) -> bytes:
        """What each node gets."""
        query, credential = envelope_to_wire(self.query.envelope), envelope_to_wire(self.credential)
        return node_pb2.NodeServiceAskRequest(query=query, credential=credential).SerializeToString()


def measure(sizes: Sequence[int]) -> None:
    """Print the sections. `sizes`: how many nodes, from few to many."""
    allow_many_open_files()  # the processes that host the nodes inherit it
    smallest = None
    for nodes in sizes:
        with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
            resident = _measure(Path(temporary), nodes)
        if smallest is None:
            smallest = (nodes, resident)
        elif nodes > smallest[0]:
            each = (resident - smallest[1]) / (nodes - smallest[0])
            figure(f"coordinator: memory per node, above {smallest[0]} nodes", each / 1024, "kB")


def _measure(directory: Path, nodes: int) -> int:
    """Print one section; the coordinator's resident bytes at its end."""
    pairs = min(MOST_PAIRS, max(10, CALLS // nodes))
    asked = _make(directory, nodes)
    heading(f"fan-out to {nodes} simulated nodes / a bare gRPC fan-out to them, {pairs} pairs of warm rounds")
    with (
        _hosted(asked),
        _coordinator(asked) as coordinator,
        _bare_relay(asked) as relay,
        closing(_Reference(asked)) as reference,
        _client(asked) as client,
    ):
        for _ in range(WARM_UP):
            _carry(client, asked)
            relay.round()
            reference.round()
        took: list[tuple[float, float]] = []
        ours_cpu_s = theirs_cpu_s = 0.0
        relay_cpu_s = -_cpu_s(relay.process)
        for _ in range(pairs):
            before = _cpu_s(coordinator)
            ours = _carry(client, asked)
            between, own = _cpu_s(coordinator), _cpu_s(psutil.Process())
            took.append((ours, reference.round()))
            ours_cpu_s += between - before
            theirs_cpu_s += _cpu_s(psutil.Process()) - own
            relay.round()
        relay_cpu_s += _cpu_s(relay.process)
        ratio("until the last answer is at the one who asks", took)
        figure("  the coordinator's, median", 1000 * median(ours for ours, _ in took), "ms")
        figure("  bare, median", 1000 * median(bare for _, bare in took), "ms")
        figure("coordinator: processor time per node call", 1e6 * ours_cpu_s / pairs / nodes, "µs")
        figure("  bare", 1e6 * theirs_cpu_s / pairs / nodes, "µs")
        figure("  coordinator / bare", ours_cpu_s / theirs_cpu_s, "(aim at most 1.5)")
        figure("  a bare relay", 1e6 * relay_cpu_s / pairs / nodes, "µs")
        figure("  a bare relay / bare", relay_cpu_s / theirs_cpu_s, "")
        figure("  coordinator / a bare relay", ours_cpu_s / relay_cpu_s, "")
        resident = coordinator.memory_info().rss
        figure("coordinator: memory (RSS)", resident / 2**20, "MiB")
        figure("each signed answer with its receipt", asked.answer_bytes, "bytes")
        return resident


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _make(directory: Path, nodes: int) -> _Asked:
    """A league on disk with its keys, a question to all of its cities, and what each of them will say."""
    league = directory / "league"
    roster = create_league(
        league,
        name="simulated",
        cities=[f"city-{number:04}" for number in range(nodes)],
        contracts=[contract_file(_CONTRACT)],
        ports=free_ports(2 * nodes + 1),
        host=HOST,
    )
    profile = load_profile(league / "profile.toml")
    contract = read_contracts(profile.contracts, roster)[_CONTRACT]
    plan = read_question(_SQL, (), (), None, contracts={_CONTRACT: contract}, roster=roster).plan
    query = Query(
        plan=plan,
        purpose=roster.purposes[0],
        league=roster.league,
        cities=roster.cities,
        expires_at=utc_now() + timedelta(hours=1),
        nonce=bytes(NONCE_BYTES),
    )
    signed = sign_query(query, read_signer(profile.query_key), payload_types.QUERY)
    answer_bytes = 0
    for member in roster.members:
        folder = league / "cities" / member.city
        answered = _answered(member, plan, contract, signed, folder)
        expected = Expected(
            query_hash=signed.hash,
            plan_hash=plan_hash(plan),
            plan=plan,
            contract=contract,
            organisation=member.city,  # as the simulated receipt says
            purpose=query.purpose,
        )
        verify_answer(answered, member, expected)  # what the analyst would do: the payload is a real one
        response = node_pb2.NodeServiceAskResponse(
            answer=envelope_to_wire(answered.envelope), receipt=answered.receipt
        ).SerializeToString()
        (folder / "answer").write_bytes(response)
        answer_bytes = len(response)
    return _Asked(
        directory=league,
        roster=roster,
        query=signed,
        credential=envelope_from_json(profile.credential.read_bytes()),
        answer_bytes=answer_bytes,
    )


def _answered(member: Member, plan: Plan, contract: Contract, signed: SignedQuery, folder: Path) -> Answered:
    domains = [contract.columns[name].domain or () for name in ("vehicle_type", "zone")]
    keys = [(kind, zone) for kind in domains[0] for zone in domains[1]]
    width = len(moments_of(plan, contract))
    rows = [(*key, *(1000 + number for _ in range(width))) for number, key in enumerate(keys)]
    release = Release(
        plan_hash=plan_hash(plan),
        contract=contract.id,
        level=Level.OPEN,
        data_version=1,
        protection_version=1,
        partial_ipc=write_partial(partial_from_rows(plan, contract, rows)),
    )
    answer = SignedAnswer(
        city=member.city,
        query_hash=signed.hash,
        nonce=hashlib.sha256(member.city.encode()).digest()[:NONCE_BYTES],
        answered_at=utc_now(),
        outcome=release,
    )
    payload = encode_answer(answer)
    envelope = sign(payload_types.ANSWER, payload, read_signer(folder / "answer.key"))
    return Answered(envelope, receipt_of(answer, release, payload, member, read_signer(folder / "log.key")))


@contextmanager
def _hosted(asked: _Asked) -> Iterator[None]:
    """The simulated nodes, from when all of them listen."""
    ca_pem = asked.roster.coordinator().ca_pem.decode()
    with ExitStack() as stack:
        hosts = []
        for number in range(_HOSTS):
            nodes = [_node(asked, member) for member in asked.roster.members[number::_HOSTS]]
            told = asked.directory / f"hosted-{number}.json"
            told.write_text(json.dumps({"ca_pem": ca_pem, "nodes": nodes}), encoding="utf-8")
            script = str(Path(__file__).with_name("simulated_nodes.py"))
            host = subprocess.Popen([sys.executable, script, str(told)], stdout=subprocess.PIPE, text=True)
            stack.callback(host.wait)
            stack.callback(host.terminate)
            hosts.append(host)
        for host in hosts:
            assert host.stdout is not None
            if host.stdout.readline() != "ready\n":
                raise RuntimeError("a process of simulated nodes did not start")
        yield


def _node(asked: _Asked, member: Member) -> dict[str, object]:
    folder = asked.directory / "cities" / member.city
    files = {"cert": folder / "tls.pem", "key": folder / "tls.key", "answer": folder / "answer"}
    return {"host": member.host, "port": member.port, **{name: str(path) for name, path in files.items()}}


@contextmanager
def _coordinator(asked: _Asked) -> Iterator[psutil.Process]:
    """A real coordinator in a process of its own."""
    entry = asked.roster.coordinator()
    service = Service(
        name=entry.name,
        arguments=("coordinator", "serve", "--config", str(asked.directory / "coordinator" / "coordinator.toml")),
        host=entry.host,
        port=entry.port,
        log=asked.directory / "coordinator.log",
    )
    with running([service]) as processes:
        yield psutil.Process(processes[entry.name].pid)


@contextmanager
def _client(asked: _Asked) -> Iterator[CoordinatorClient]:
    """An analyst's connection to the coordinator."""
    entry, profile = asked.roster.coordinator(), load_profile(asked.directory / "profile.toml")
    channel = dial_sync(
        entry.host,
        entry.port,
        ca_pem=entry.ca_pem,
        server_name=entry.server_name,
        cert_pem=profile.tls_cert.read_bytes(),
        key_pem=profile.tls_key.read_bytes(),
    )
    with closing(channel):
        yield CoordinatorClient(channel)


def _carry(client: CoordinatorClient, asked: _Asked) -> float:
    """Seconds of one question through the coordinator; every city has to answer."""
    started = perf_counter()
    ends = list(client.ask(asked.query.envelope, asked.credential, deadline_s=_DEADLINE_S))
    seconds = perf_counter() - started
    answered = sum(event.state is CityState.ANSWERED for event in ends)
    if answered != len(asked.roster.members):
        other = next((event for event in ends if event.state not in (CityState.ASKED, CityState.ANSWERED)), None)
        raise RuntimeError(f"{answered} of {len(asked.roster.members)} nodes answered; the first other end: {other}")
    return seconds


@dataclass(frozen=True, slots=True)
class _Relay:
    """A bare relay in a process of its own, and who asks through it."""

    process: psutil.Process
    ask: grpc.UnaryStreamMultiCallable[bytes, bytes]
    request: bytes
    nodes: int

    def round(self) -> None:
        """Every node's answer, carried here."""
        answers = list(self.ask(self.request, timeout=_DEADLINE_S))
        if len(answers) != self.nodes:
            raise RuntimeError(f"{len(answers)} of {self.nodes} answers came through the bare relay")


@contextmanager
def _bare_relay(asked: _Asked) -> Iterator[_Relay]:
    """The relay, from when it listens."""
    entry, profile, (port,) = asked.roster.coordinator(), load_profile(asked.directory / "profile.toml"), free_ports(1)
    members = asked.roster.members
    (analysts,) = (member.ca_pem for member in members if member.city == profile.city)
    keys = {
        name: str(asked.directory / "coordinator" / f"tls.{end}") for name, end in (("cert", "pem"), ("key", "key"))
    }
    nodes = [
        {"host": each.host, "port": each.port, "ca_pem": each.ca_pem.decode(), "server_name": each.server_name}
        for each in members
    ]
    told = asked.directory / "relay.json"
    told.write_text(json.dumps({"host": HOST, "port": port, "ca_pem": analysts.decode(), "nodes": nodes, **keys}))
    script = str(Path(__file__).with_name("bare_relay.py"))
    process = subprocess.Popen([sys.executable, script, str(told)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the bare relay did not start")
        channel = dial_sync(
            HOST,
            port,
            ca_pem=entry.ca_pem,
            server_name=entry.server_name,
            cert_pem=profile.tls_cert.read_bytes(),
            key_pem=profile.tls_key.read_bytes(),
        )
        with closing(channel):
            yield _Relay(psutil.Process(process.pid), channel.unary_stream(RELAY), asked.request, len(members))
    finally:
        process.terminate()
        process.wait()


class _Reference:
    """Warm channels to the same nodes, asked without Hansa."""

    def __init__(self, asked: _Asked) -> None:
        self._loop = asyncio.new_event_loop()
        self._request = asked.request
        self._channels: list[grpc.aio.Channel] = []
        self._loop.run_until_complete(self._dial(asked))

    async def _dial(self, asked: _Asked) -> None:
        folder = asked.directory / "coordinator"
        for member in asked.roster.members:
            assert member.host is not None
            assert member.port is not None
            channel = dial_aio(
                member.host,
                member.port,
                ca_pem=member.ca_pem,
                server_name=member.server_name,
                cert_pem=(folder / "tls.pem").read_bytes(),
                key_pem=(folder / "tls.key").read_bytes(),
            )
            self._channels.append(channel)
        self._calls: list[grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = [
            channel.unary_unary(ASK) for channel in self._channels
        ]

    def round(self) -> float:
        """Seconds until each node has answered once."""
        started = perf_counter()
        self._loop.run_until_complete(self._ask_all())
        return perf_counter() - started

    async def _ask_all(self) -> None:
        turns = asyncio.Semaphore(CoordinatorLimits().max_concurrency)

        async def ask(call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]) -> None:
            async with turns:
                await call(self._request, timeout=_DEADLINE_S)

        await asyncio.gather(*(ask(call) for call in self._calls))

    def close(self) -> None:
        async def hang_up() -> None:
            for channel in self._channels:
                await channel.close()

        self._loop.run_until_complete(hang_up())
        self._loop.close()
