"""Who may attach, and what travels on the stream: answers out of order, in parts, late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_attach_point import AttachPoint, attach_point
from hansa_attached import AnswersBy
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_local.clock import utc_now
from hansa_ports import free_ports
from hansa_protos.v1 import attach_pb2
from hansa_test_tls import Identity, TestAuthority
from hansa_wire.attach.attach_codec import (
    PART_BYTES,
    GrowingAnswer,
    answer_in_parts,
    call_from_wire,
    call_to_wire,
    failure_to_wire,
    presence_to_wire,
)
from hansa_wire.attach.attach_rpc import attach
from hansa_wire.attach.attachment import Attachment
from hansa_wire.attach.line import Line
from hansa_wire.attach.messages import MAX_HUBS, Attacher, CallKind, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_RECEIPT_BYTES
from hansa_wire.rpc.options import CHANNEL_OPTIONS, SERVER_OPTIONS
from hansa_wire.rpc.reconnect import FIRST_S, LONGEST_S, wait_before
from hansa_wire.rpc.status import PeerUnreachableError, status_from_error
from hansa_wire.rpc.tls import dial_aio, spki_of

SIGNER = Ed25519Signer(bytes(32))
BREMEN = Attacher(name="bremen", is_city=True)


def envelope(payload: bytes) -> Envelope:
    return sign("word", payload, SIGNER)


def answered(payload: bytes, receipt: bytes = b"") -> Answered:
    return Answered(envelope(payload), receipt)


def description(city: str = "bremen", deadline_s: float = 5.0) -> CityCall:
    return CityCall(city=city, kind=CallKind.DESCRIBE, deadline_s=deadline_s)


@given(
    st.sampled_from([CallKind.ASK, CallKind.DRY_RUN]),
    st.binary(max_size=99),
    st.integers(1, 600_000),
    st.integers(0, MAX_HUBS),
)
def test_a_call_arrives_as_it_was_sent(kind: CallKind, payload: bytes, deadline_ms: int, hubs: int) -> None:
    call = CityCall(
        city="bremen",
        kind=kind,
        query=envelope(payload),
        credential=envelope(b"c"),
        deadline_s=deadline_ms / 1000,
        hubs=hubs,
    )
    sent = call_to_wire(7, call).call
    assert sent.call_id == 7
    arrived = call_from_wire(sent)
    assert arrived.deadline_s == pytest.approx(call.deadline_s, abs=0.001)
    assert (arrived.query, arrived.credential, arrived.kind, arrived.hubs) == (call.query, call.credential, kind, hubs)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": 0},
        {"kind": 1},
        {"deadline_ms": 0},
        {"deadline_ms": 600_001},
        {"hubs": MAX_HUBS + 1},
        {"city": ""},
    ],
)
def test_a_call_that_breaks_a_rule_is_the_peers_fault(changes: dict[str, int | str]) -> None:
    message = call_to_wire(1, description()).call
    for field, value in changes.items():
        setattr(message, field, value)
    with pytest.raises(PeerError):
        call_from_wire(message)


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, 3 * PART_BYTES + 5])
@pytest.mark.parametrize("receipt", [b"", b"receipt", bytes(MAX_RECEIPT_BYTES)])
def test_an_answer_in_parts_is_the_same_answer_with_its_receipt(size: int, receipt: bytes) -> None:
    answer = answered(bytes(size), receipt)
    growing = GrowingAnswer()
    *earlier, last = [growing.add(message.part) for message in answer_in_parts(1, answer)]
    assert not any(earlier)
    assert last == answer


def test_a_receipt_larger_than_any_is_the_peers_fault() -> None:
    with pytest.raises(PeerError, match="receipt"):
        answered(b"", bytes(MAX_RECEIPT_BYTES + 1))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_wait_before_the_next_attempt_stays_within_its_bounds(attempt: int, share: float) -> None:
    wait = wait_before(attempt, share)
    assert FIRST_S / 2 <= wait <= LONGEST_S
    assert wait <= wait_before(attempt + 1, share)
    assert wait_before(attempt, 0) * 2 == wait_before(attempt, 1)


@pytest.mark.parametrize(("attempt", "share"), [(0, 0.5), (1, -0.1), (1, 1.1)])
def test_a_wait_outside_its_domain_is_our_mistake(attempt: int, share: float) -> None:
    with pytest.raises(ValueError):
        wait_before(attempt, share)


def part_of(line: Line, call_id: int, answer: Answered) -> None:
    for message in answer_in_parts(call_id, answer):
        line.heard(message)


def test_answers_find_their_calls_in_any_order() -> None:
    async def both() -> tuple[Answered, Answered]:
        line = Line(BREMEN)
        first, second = (asyncio.create_task(line.ask(description())) for _ in range(2))
        await asyncio.sleep(0)
        part_of(line, 2, answered(b"second"))
        part_of(line, 1, answered(b"first"))
        return await first, await second

    first, second = asyncio.run(both())
    assert (first.envelope.payload, second.envelope.payload) == (b"first", b"second")


def test_what_comes_after_the_deadline_or_for_nobody_is_passed_over() -> None:
    async def late() -> str | None:
        line = Line(BREMEN)
        with pytest.raises(TimeoutError):
            await line.ask(description(deadline_s=0.01))
        part_of(line, 1, answered(b"late"))
        part_of(line, 99, answered(b"for nobody"))
        said = [line.outgoing.get_nowait().WhichOneof("said") for _ in range(2)]
        return said[1]

    assert asyncio.run(late()) == "cancel"


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        (RefusedError("credential_expired", "rule", "remedy"), RefusedError),
        (BusyError(retry_after_s=2.0), BusyError),
        (PeerError("nonsense"), PeerError),
        (PeerUnreachableError("not attached"), ConnectionError),
        (RuntimeError("a secret value"), PeerError),
    ],
)
def test_a_failure_means_the_same_as_at_the_end_of_a_call(sent: Exception, heard: type[Exception]) -> None:
    async def fail() -> None:
        line = Line(BREMEN)
        asking = asyncio.create_task(line.ask(description()))
        await asyncio.sleep(0)
        line.heard(failure_to_wire(1, status_from_error(sent)))
        await asking

    with pytest.raises(heard) as raised:
        asyncio.run(fail())
    assert "secret" not in str(raised.value)


def test_a_line_that_closes_ends_what_is_under_way_and_takes_nothing_new() -> None:
    async def close() -> None:
        line = Line(BREMEN)
        asking = asyncio.create_task(line.ask(description()))
        await asyncio.sleep(0)
        line.close()
        with pytest.raises(ConnectionError):
            await asking
        with pytest.raises(ConnectionError):
            await line.ask(description())

    asyncio.run(close())


@pytest.mark.parametrize(
    ("attacher", "name", "reach"),
    [
        (BREMEN, "luebeck", {"luebeck": 0}),
        (BREMEN, "bremen", {"luebeck": 0}),
        (BREMEN, "bremen", {"bremen": 1}),
        (Attacher(name="hub", is_city=False), "hub", {"bremen": 0}),
        (BREMEN, "bremen", {"bremen": MAX_HUBS + 1}),
    ],
)
def test_nobody_presents_what_is_not_theirs(attacher: Attacher, name: str, reach: Reach) -> None:
    with pytest.raises((RefusedError, PeerError)):
        Line(attacher).heard(presence_to_wire(name, reach))


def test_a_message_that_says_nothing_breaks_the_protocol() -> None:
    with pytest.raises(PeerError):
        Line(BREMEN).heard(attach_pb2.AttachServiceAttachRequest())


def test_a_server_consents_to_the_pings_of_its_channels() -> None:
    """Otherwise every idle stream would end in too_many_pings."""
    consented, sent = dict(SERVER_OPTIONS), dict(CHANNEL_OPTIONS)
    assert int(consented["grpc.http2.min_ping_interval_without_data_ms"]) < int(sent["grpc.keepalive_time_ms"])
    assert consented["grpc.keepalive_permit_without_calls"] == sent["grpc.keepalive_permit_without_calls"] == 1


@dataclass
class League:
    """Two cities and a coordinator with real certificates."""

    coordinator: Identity
    coordinator_ca: bytes
    bremen: Identity
    luebeck: Identity
    forged: Identity
    port: int
    point: AttachPoint


@pytest.fixture(scope="module")
def league() -> Iterator[League]:
    hub, bremen, luebeck = (TestAuthority(name) for name in ("coordinator", "bremen", "luebeck"))
    own, first, second = hub.issue("coordinator"), bremen.issue("node.bremen"), luebeck.issue("node.luebeck")
    (port,) = free_ports(1)
    pins = {
        spki_of(first.cert_pem): BREMEN,
        spki_of(second.cert_pem): Attacher(name="luebeck", is_city=True),
    }
    with attach_point(
        "coordinator",
        port=port,
        cert_pem=own.cert_pem,
        key_pem=own.key_pem,
        authorities=[bremen.ca_pem, luebeck.ca_pem],
        pins=pins,
    ) as point:
        yield League(own, hub.ca_pem, first, second, luebeck.issue("node.bremen"), port, point)


def attaching(
    league: League, identity: Identity, name: str, *, ca_pem: bytes = b"", server_name: str = "coordinator"
) -> None:
    """Attach under `name` with the certificate of `identity`, until the coordinator ends it or has let it in."""
    leave: asyncio.Future[None]

    async def one() -> None:
        async def answer(_: CityCall) -> Answered:
            return answered(b"word")

        attachment = Attachment(name, AnswersBy(answer))
        await attachment.present({name: 0})
        async with dial_aio(
            "127.0.0.1",
            league.port,
            ca_pem=ca_pem or league.coordinator_ca,
            server_name=server_name,
            cert_pem=identity.cert_pem,
            key_pem=identity.key_pem,
        ) as channel:
            async with asyncio.timeout(60):
                await attach(channel, attachment, attached=lambda _: leave.set_result(None), now=utc_now())

    async def stay() -> None:
        nonlocal leave
        leave = asyncio.get_running_loop().create_future()
        attempt = asyncio.create_task(one())
        await asyncio.wait({attempt, leave}, return_when=asyncio.FIRST_COMPLETED)
        if attempt.done():
            attempt.result()
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)

    asyncio.run(stay())


def test_a_pinned_city_attaches_under_its_own_name(league: League) -> None:
    attaching(league, league.bremen, "bremen")


def test_a_city_cannot_attach_as_another(league: League) -> None:
    with pytest.raises(RefusedError, match="unpinned_peer"):
        attaching(league, league.luebeck, "bremen")


def test_a_certificate_that_names_a_city_but_is_not_its_pinned_one_is_turned_away(league: League) -> None:
    """Luebeck's authority issues it: TLS accepts it, the pin does not."""
    with pytest.raises(RefusedError, match="unpinned_peer"):
        attaching(league, league.forged, "bremen")


def test_a_node_attaches_to_nobody_but_the_coordinator_that_it_names(league: League) -> None:
    with pytest.raises(ConnectionError):
        attaching(league, league.bremen, "bremen", server_name="coordinator-2")
    with pytest.raises(ConnectionError):
        attaching(league, league.bremen, "bremen", ca_pem=TestAuthority("coordinator").ca_pem)
