"""Attacks on a running coordinator: one city or one caller must not spoil it for the others."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, Signature, sign
from hansa_local.coordinator_config import CoordinatorLimits
from hansa_protos.v1 import attach_pb2_grpc, node_pb2
from hansa_simulated_city import SimulatedLeague, simulated_league
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.envelope_codec import envelope_to_wire
from hansa_wire.codec.limits import CARRIAGE_BYTES, MAX_RESPONSE_BYTES
from hansa_wire.codec.progress import CityState
from hansa_wire.codec.query_codec import encode_query
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient
from hansa_wire.rpc.tls import dial_sync

SIGNER = Ed25519Signer(bytes(32))
CREDENTIAL = sign(payload_types.CREDENTIAL, b"{}", SIGNER)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedLeague]:
    with simulated_league(tmp_path_factory.mktemp("attacked")) as league:
        yield league


@pytest.fixture
def league(served: SimulatedLeague) -> Iterator[SimulatedLeague]:
    yield served
    served.heal()


def channel_of(league: SimulatedLeague, keys: str) -> grpc.Channel:
    entry = league.roster.coordinator()
    folder = league.directory / keys
    return dial_sync(
        entry.host,
        entry.port,
        ca_pem=entry.ca_pem,
        server_name=entry.server_name,
        cert_pem=(folder / "tls.pem").read_bytes(),
        key_pem=(folder / "tls.key").read_bytes(),
    )


def question(league: SimulatedLeague) -> Envelope:
    asked = Query(
        plan=Plan(league.contract.id, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)),
        purpose="statistics",
        league="hanse",
        cities=("bremen", "hamburg"),
        expires_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(minutes=1),
        nonce=secrets.token_bytes(16),
    )
    return sign(payload_types.QUERY, encode_query(asked), SIGNER)


def states(league: SimulatedLeague, analyst: str = "hamburg") -> dict[str, CityState]:
    with channel_of(league, f"analysts/{analyst}") as channel:
        events = CoordinatorClient(channel).ask(question(league), CREDENTIAL, deadline_s=20)
        return {event.city: event.state for event in events}


def padded(payload_bytes: int, type_bytes: int) -> Envelope:
    return Envelope("t" * type_bytes, bytes(payload_bytes), (Signature("0" * 64, bytes(64)),))


def response_bytes(answer: Envelope) -> int:
    return node_pb2.NodeServiceAskResponse(answer=envelope_to_wire(answer)).ByteSize()


def test_attack_an_answer_that_fills_its_message_to_the_last_byte_spoils_no_other_citys(
    league: SimulatedLeague, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = MAX_RESPONSE_BYTES - response_bytes(padded(MAX_ANSWER_BYTES, CARRIAGE_BYTES // 2))
    full = padded(MAX_ANSWER_BYTES, CARRIAGE_BYTES // 2 + room)
    assert response_bytes(full) == MAX_RESPONSE_BYTES

    async def bloated(*_: Envelope) -> Answered:
        return Answered(full, b"")

    monkeypatch.setattr(league.cities["bremen"], "ask", bloated)
    assert states(league) == {"bremen": CityState.FAILED, "hamburg": CityState.ANSWERED}


def test_attack_descriptions_of_64_mib_spoil_the_catalogue_of_no_other_city(
    league: SimulatedLeague, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bloated() -> Envelope:
        return padded(MAX_ANSWER_BYTES, 10)

    for city in ("bremen", "luebeck"):
        monkeypatch.setattr(league.cities[city], "describe", bloated)
    with channel_of(league, "analysts/hamburg") as channel:
        events = CoordinatorClient(channel).catalogue(deadline_s=20)
    assert [event.state for event in events] == [CityState.FAILED, CityState.ANSWERED, CityState.FAILED]


@pytest.mark.parametrize("attack", ["health", "reflection", "attach"])
def test_attack_one_analysts_calls_that_never_end_leave_places_for_the_others(
    league: SimulatedLeague, attack: str
) -> None:
    league.run(league.stop_coordinator())
    league.run(league.start_coordinator(limits=CoordinatorLimits(max_questions=4)))
    with channel_of(league, "analysts/bremen") as channel, ExitStack() as ended:
        for _ in range(40):
            call = never_ending(channel, attack)
            ended.callback(call.cancel)
        assert any(is_refused(channel, attack) for _ in range(5))  # the first ones may still be on their way
        assert states(league, "hamburg") == {"bremen": CityState.ANSWERED, "hamburg": CityState.ANSWERED}
    league.run(league.stop_coordinator())
    league.run(league.start_coordinator())


def is_refused(channel: grpc.Channel, attack: str) -> bool:
    try:
        next(never_ending(channel, attack))
    except grpc.RpcError as refusal:
        return "try again in 1 s" in str(refusal)
    return False


def never_ending(channel: grpc.Channel, attack: str) -> Any:
    match attack:
        case "health":
            return health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        case "reflection":
            return reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(silence())
        case _:
            return attach_pb2_grpc.AttachServiceStub(channel).Attach(silence())


def silence() -> Iterator[Any]:
    threading.Event().wait(15)
    yield from ()
