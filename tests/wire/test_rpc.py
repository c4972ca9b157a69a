"""Calls over real mutual TLS: who gets through, what comes back, and what ends a call."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import grpc.aio
import pytest

from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.plan.limits import MAX_QUERY_BYTES
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_test_tls import Identity, TestAuthority
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_RECEIPT_BYTES, MAX_REQUEST_BYTES
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.rpc.coordinator_rpc import COORDINATOR_SERVICE, CoordinatorClient, add_coordinator_service
from hansa_wire.rpc.node_rpc import NODE_SERVICE, NodeClient, add_node_service
from hansa_wire.rpc.pins import analyst_city
from hansa_wire.rpc.server import add_health_and_reflection, listen, new_server
from hansa_wire.rpc.tls import dial_aio, dial_sync, server_credentials, spki_of

CLOCKS = PeerClocks(utc_now)
SIGNER = Ed25519Signer(bytes(32))
QUERY = sign("query", b"question", SIGNER)
CREDENTIAL = sign("credential", b"analyst", SIGNER)
LARGE = Answered(sign("answer", bytes(20_000_000), SIGNER), bytes(MAX_RECEIPT_BYTES))


class Node:
    """A node that answers with what it was asked."""

    def __init__(self, error: Exception | None = None, answer: Answered | None = None) -> None:
        self.error = error
        self.answer = answer
        self.cancelled = asyncio.Event()
        self.deadlines: list[float | None] = []

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        self.deadlines.append(deadline_s)
        if self.error is not None:
            raise self.error
        return self.answer or Answered(sign("answer", query.payload + b"/" + credential.payload, SIGNER), b"receipt")

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        return sign("dry-run", query.payload, SIGNER)

    async def describe(self) -> Envelope:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return QUERY


class League:
    """Two cities and a coordinator, each with its own authority."""

    def __init__(self) -> None:
        self.a, self.b, self.hub = TestAuthority("a"), TestAuthority("b"), TestAuthority("hub")
        self.node_a, self.node_b = self.a.issue("node.a"), self.b.issue("node.b")
        self.coordinator = self.hub.issue("coordinator")


@pytest.fixture(scope="module")
def league() -> League:
    return League()


@asynccontextmanager
async def serving(league: League, node: Node, tls: Identity | None = None) -> AsyncIterator[int]:
    """City a's node; it trusts the coordinator's authority and, within that, the coordinator's pin alone."""
    server = new_server(max_concurrent_calls=16)
    own = tls or league.node_a
    coordinator = spki_of(league.coordinator.cert_pem)
    add_node_service(server, node, lambda caller: spki_of(caller.certificate) == coordinator, CLOCKS)
    await add_health_and_reflection(server, [NODE_SERVICE])
    port = listen(server, "127.0.0.1", 0, server_credentials(own.cert_pem, own.key_pem, [league.hub.ca_pem]))
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


def dialled(league: League, port: int, own: Identity) -> grpc.aio.Channel:
    return dial_aio(
        "127.0.0.1", port, ca_pem=league.a.ca_pem, server_name="node.a", cert_pem=own.cert_pem, key_pem=own.key_pem
    )


def test_a_question_reaches_the_node_and_its_answer_comes_back(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port, dialled(league, port, league.coordinator) as channel:
            client = NodeClient(channel, "a", CLOCKS)
            answer = await client.ask(QUERY, CREDENTIAL, deadline_s=5)
            assert (answer.envelope.payload, answer.receipt) == (b"question/analyst", b"receipt")
            assert (await client.dry_run(QUERY, CREDENTIAL, deadline_s=5)).payload_type == "dry-run"

    asyncio.run(run())


@pytest.mark.parametrize("word", [b"", b"\x16"], ids=["silent", "in the middle of TLS"])
def test_a_stranger_who_does_not_finish_his_handshake_is_sent_away(league: League, word: bytes) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(word)
            async with asyncio.timeout(20):
                assert await reader.read() == b""
            writer.close()

    asyncio.run(run())


def test_an_answer_may_be_far_larger_than_a_question(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node(answer=LARGE)) as port, dialled(league, port, league.coordinator) as channel:
            assert await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=20) == LARGE

    asyncio.run(run())


def test_a_caller_of_the_same_authority_without_the_pin_is_unauthenticated(league: League) -> None:
    async def run() -> None:
        stranger = league.hub.issue("coordinator")  # same name, same authority, another key
        async with serving(league, Node()) as port, dialled(league, port, stranger) as channel:
            with pytest.raises(RefusedError, match="unpinned_peer") as refused:
                await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)
            cause = refused.value.__cause__
            assert isinstance(cause, grpc.aio.AioRpcError)
            assert cause.code() is grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(run())


def test_a_caller_from_another_authority_never_gets_past_the_handshake(league: League) -> None:
    async def run() -> None:
        forged = league.b.issue("coordinator")  # city b vouches for a coordinator
        async with serving(league, Node()) as port, dialled(league, port, forged) as channel:
            with pytest.raises(ConnectionError):
                await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)

    asyncio.run(run())


@pytest.mark.parametrize("case", ["certificate of b", "name of a issued by b", "name of b issued by a", "expired"])
def test_a_node_with_a_foreign_or_expired_certificate_is_not_talked_to(league: League, case: str) -> None:
    tls = {
        "certificate of b": league.node_b,
        "name of a issued by b": league.b.issue("node.a"),
        "name of b issued by a": league.a.issue("node.b"),
        "expired": league.a.issue("node.a", valid_for=-timedelta(days=1)),
    }[case]

    async def run() -> None:
        async with serving(league, Node(), tls) as port, dialled(league, port, league.coordinator) as channel:
            with pytest.raises(ConnectionError):
                await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)

    asyncio.run(run())


def test_plain_text_is_not_answered(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port:
            address, options = f"127.0.0.1:{port}", [("grpc.enable_http_proxy", 0)]
            async with grpc.aio.insecure_channel(address, options=options) as channel:
                with pytest.raises(ConnectionError):
                    await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)

    asyncio.run(run())


def test_an_unreachable_node_is_a_connection_error(league: League) -> None:
    async def run() -> None:
        async with dialled(league, 1, league.coordinator) as channel:
            with pytest.raises(ConnectionError):
                await NodeClient(channel, "a", CLOCKS).describe(deadline_s=5)

    asyncio.run(run())


def test_a_late_node_is_a_timeout_and_its_work_is_cancelled(league: League) -> None:
    async def run() -> None:
        node = Node()
        async with serving(league, node) as port, dialled(league, port, league.coordinator) as channel:
            with pytest.raises(TimeoutError):
                await NodeClient(channel, "a", CLOCKS).describe(deadline_s=2.0)
            await asyncio.wait_for(node.cancelled.wait(), timeout=60)

    asyncio.run(run())


def test_a_request_beyond_the_limit_is_not_read(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port:
            large = sign("query", bytes(MAX_REQUEST_BYTES), SIGNER)
            async with dialled(league, port, league.coordinator) as channel:
                with pytest.raises(PeerError, match="RESOURCE_EXHAUSTED"):
                    await NodeClient(channel, "a", CLOCKS).ask(large, CREDENTIAL, deadline_s=5)
            # A client without our limits is stopped by the server.
            tls = grpc.ssl_channel_credentials(league.a.ca_pem, league.coordinator.key_pem, league.coordinator.cert_pem)
            options = [
                ("grpc.ssl_target_name_override", "node.a"),
                ("grpc.max_send_message_length", -1),
                ("grpc.enable_http_proxy", 0),
            ]
            async with grpc.aio.secure_channel(f"127.0.0.1:{port}", tls, options=options) as channel:
                with pytest.raises(PeerError, match="RESOURCE_EXHAUSTED"):
                    await NodeClient(channel, "a", CLOCKS).ask(large, CREDENTIAL, deadline_s=5)
                largest = sign("query", bytes(MAX_QUERY_BYTES), SIGNER)
                assert await NodeClient(channel, "a", CLOCKS).ask(largest, CREDENTIAL, deadline_s=5)

    asyncio.run(run())


def test_bytes_that_are_no_request_end_the_call_and_nothing_else(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port, dialled(league, port, league.coordinator) as channel:
            ask: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{NODE_SERVICE}/Ask")
            with pytest.raises(grpc.aio.AioRpcError):
                await ask(b"\xff\xff", timeout=5)
            with pytest.raises(grpc.aio.AioRpcError, match="query: payload_type"):
                await ask(b"", timeout=5)  # a request without envelopes
            assert await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)

    asyncio.run(run())


def test_an_unlisted_error_ends_the_call_without_its_text_and_is_logged_by_type(
    league: League, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        node = Node(error=ValueError("Conversion Error: secret value 4711"))
        async with serving(league, node) as port, dialled(league, port, league.coordinator) as channel:
            with pytest.raises(PeerError) as failed:
                await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)
            assert "4711" not in str(failed.value) + str(failed.value.__cause__)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert "4711" not in caplog.text
    assert [record.__dict__["error"] for record in caplog.records if record.message == "call failed"] == ["ValueError"]


def test_a_refusal_before_any_answer_comes_back_as_it_was(league: League) -> None:
    async def run() -> None:
        error = RefusedError(code="credential_expired", rule="a credential is valid", remedy="renew it", field="x")
        node = Node(error=error)
        async with serving(league, node) as port, dialled(league, port, league.coordinator) as channel:
            with pytest.raises(RefusedError) as refused:
                await NodeClient(channel, "a", CLOCKS).ask(QUERY, CREDENTIAL, deadline_s=5)
            assert str(refused.value) == str(error)

    asyncio.run(run())


def test_a_port_in_use_is_an_error(league: League) -> None:
    async def run() -> None:
        async with serving(league, Node()) as port:
            own = league.node_a
            credentials = server_credentials(own.cert_pem, own.key_pem, [league.hub.ca_pem])
            with pytest.raises(ConfigError, match=f"127.0.0.1:{port}.*choose another port"):
                listen(new_server(max_concurrent_calls=1), "127.0.0.1", port, credentials)

    asyncio.run(run())


def test_health_and_reflection_answer(league: League) -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    async def run() -> None:
        async with serving(league, Node()) as port, dialled(league, port, league.coordinator) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            reply = await health.Check(health_pb2.HealthCheckRequest(service=NODE_SERVICE))
            assert reply.status == health_pb2.HealthCheckResponse.SERVING
            reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
            question = reflection_pb2.ServerReflectionRequest(list_services="")
            async for listed in reflection.ServerReflectionInfo(iter([question])):
                assert NODE_SERVICE in {service.name for service in listed.list_services_response.service}

    asyncio.run(run())


class Coordinator:
    """A coordinator whose cities are simulated."""

    def __init__(self) -> None:
        self.deadlines: list[float] = []
        self.closed = threading.Event()

    async def catalogue(self, deadline_s: float) -> Sequence[CityEvent]:
        self.deadlines.append(deadline_s)
        return [CityEvent(city="a", state=CityState.ANSWERED, answer=QUERY)]

    async def ask(self, query: Envelope, credential: Envelope, deadline_s: float) -> AsyncIterator[CityEvent]:
        self.deadlines.append(deadline_s)
        try:
            yield CityEvent(city="a", state=CityState.ASKED)
            yield CityEvent(city="a", state=CityState.ANSWERED, elapsed_ms=7, answer=query, receipt=b"receipt")
            if query.payload == b"slow":
                await asyncio.sleep(30)
            yield CityEvent(city="b", state=CityState.REFUSED, code="denied", detail="no", answer=None)
        finally:
            self.closed.set()


class CoordinatorThread:
    """A coordinator that serves on its own loop while the test makes blocking calls."""

    def __init__(self, league: League, coordinator: Coordinator) -> None:
        self._league, self._coordinator = league, coordinator
        self._ready, self.port = threading.Event(), 0

    async def _serve(self) -> None:
        league, self._stop = self._league, asyncio.Event()
        self._loop = asyncio.get_running_loop()
        authorities = {"a": league.a.ca_pem, "b": league.b.ca_pem}
        server = new_server(max_concurrent_calls=16)
        add_coordinator_service(
            server,
            self._coordinator,
            lambda caller: analyst_city(caller.certificate, authorities) in authorities,
            CLOCKS,
        )
        await add_health_and_reflection(server, [COORDINATOR_SERVICE])
        own = league.coordinator
        credentials = server_credentials(own.cert_pem, own.key_pem, list(authorities.values()))
        self.port = listen(server, "127.0.0.1", 0, credentials)
        await server.start()
        self._ready.set()
        await self._stop.wait()
        await server.stop(None)

    def __enter__(self) -> int:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self.port

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def hub(league: League, port: int, own: Identity) -> grpc.Channel:
    return dial_sync(
        "127.0.0.1",
        port,
        ca_pem=league.hub.ca_pem,
        server_name="coordinator",
        cert_pem=own.cert_pem,
        key_pem=own.key_pem,
    )


def test_an_analyst_sees_each_city_s_progress_and_answers(league: League) -> None:
    coordinator = Coordinator()
    with (
        CoordinatorThread(league, coordinator) as port,
        hub(league, port, league.b.issue("analyst.b")) as channel,
    ):
        client = CoordinatorClient(channel)
        events = list(client.ask(QUERY, CREDENTIAL, deadline_s=3.5))
        catalogue = client.catalogue(deadline_s=2)
    assert [event.state for event in events] == [CityState.ASKED, CityState.ANSWERED, CityState.REFUSED]
    assert (events[1].answer, events[1].receipt) == (QUERY, b"receipt")
    assert events[2].code == "denied"
    assert [event.answer for event in catalogue] == [QUERY]
    assert coordinator.deadlines == [3.5, 2.0]


def test_an_analyst_who_goes_away_ends_the_fan_out(league: League) -> None:
    coordinator = Coordinator()
    with (
        CoordinatorThread(league, coordinator) as port,
        hub(league, port, league.a.issue("analyst.a")) as channel,
    ):
        events = CoordinatorClient(channel).ask(sign("query", b"slow", SIGNER), CREDENTIAL, deadline_s=20)
        assert next(events).state is CityState.ASKED
        assert next(events).state is CityState.ANSWERED
        events.close()
        assert coordinator.closed.wait(5)


@pytest.mark.parametrize("name", ["analyst.b", "analyst.nowhere", "node.a"])
def test_a_city_cannot_vouch_for_another_city_s_analysts(league: League, name: str) -> None:
    with (
        CoordinatorThread(league, Coordinator()) as port,
        hub(league, port, league.a.issue(name)) as channel,
        pytest.raises(RefusedError, match="unpinned_peer"),
    ):
        CoordinatorClient(channel).catalogue(deadline_s=2)


def test_an_authority_that_copies_another_one_s_name_cannot_vouch_either(league: League) -> None:
    impostor = TestAuthority("a")
    with pytest.raises(RefusedError, match="issued by a"):
        analyst_city(impostor.issue("analyst.a").cert_pem, {"a": league.a.ca_pem})
    assert analyst_city(league.a.issue("analyst.a").cert_pem, {"a": league.a.ca_pem}) == "a"


@pytest.mark.parametrize("deadline_s", [0.0, -1.0, 601.0])
def test_a_deadline_outside_the_range_is_not_sent(league: League, deadline_s: float) -> None:
    with hub(league, 1, league.node_a) as channel, pytest.raises(ValueError, match="deadline_s"):
        CoordinatorClient(channel).catalogue(deadline_s=deadline_s)
