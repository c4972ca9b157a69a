"""Half-open connections, on which nothing comes back: they end in seconds, whether or not anybody asks meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from random import random

import grpc
import pytest

from hansa_attach_point import AttachPoint, attach_point
from hansa_attached import AnswersBy
from hansa_core.league.roster import CoordinatorEntry
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_fault_relay import Relay, relay_in_thread
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_ports import free_ports
from hansa_test_tls import Identity, TestAuthority
from hansa_wire.attach.attachments import Attachments
from hansa_wire.attach.messages import Attacher, CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.node_rpc import NodeClient, add_node_service
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import dial_aio, server_credentials, spki_of

ANSWER = sign("word", b"word", Ed25519Signer(bytes(32)))
CLOCKS = PeerClocks(utc_now)
PATIENCE_S = 30.0
IDLE_S = 10.0
"""Longer than gRPC goes on asking by itself, unless it is told to, whether a silent peer is still there."""


class Parties:
    """A coordinator and the node of bremen, each with an authority of its own."""

    def __init__(self) -> None:
        self.hub, self.city = TestAuthority("hub"), TestAuthority("bremen")
        self.coordinator, self.node = self.hub.issue("coordinator"), self.city.issue("node.bremen")


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


class Node:
    """A node that answers."""

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        return Answered(ANSWER, b"receipt")

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        return ANSWER

    async def describe(self) -> Envelope:
        return ANSWER


def test_a_call_on_a_half_open_connection_is_lost_and_the_next_one_goes_over_another(parties: Parties) -> None:
    async def scene() -> None:
        server = new_server(max_concurrent_calls=8)
        add_node_service(server, Node(), lambda _: True, CLOCKS)
        port = listen(server, "127.0.0.1", 0, _credentials(parties.node, parties.hub))
        await server.start()
        relay = Relay(port)
        channel = dial_aio(
            "127.0.0.1",
            await relay.listen(),
            ca_pem=parties.city.ca_pem,
            server_name="node.bremen",
            cert_pem=parties.coordinator.cert_pem,
            key_pem=parties.coordinator.key_pem,
        )
        async with channel:
            client = NodeClient(channel, "bremen", CLOCKS)
            await client.describe(deadline_s=PATIENCE_S)
            await relay.freeze()
            with pytest.raises(ConnectionError):
                await client.describe(deadline_s=PATIENCE_S)
            assert await client.describe(deadline_s=PATIENCE_S) == ANSWER
        await relay.close()
        await server.stop(None)

    asyncio.run(scene())


@pytest.fixture
def point(parties: Parties) -> Iterator[tuple[AttachPoint, int]]:
    """The coordinator, and its port."""
    (port,) = free_ports(1)
    with attach_point(
        "coordinator",
        port=port,
        cert_pem=parties.coordinator.cert_pem,
        key_pem=parties.coordinator.key_pem,
        authorities=[parties.city.ca_pem],
        pins={spki_of(parties.node.cert_pem): Attacher(name="bremen", is_city=True)},
    ) as served:
        yield served, port


def test_a_node_whose_idle_stream_became_half_open_attaches_anew_while_nobody_asks(
    parties: Parties, point: tuple[AttachPoint, int]
) -> None:
    served, port = point
    (relayed,) = free_ports(1)

    async def answer(_: CityCall) -> Answered:
        return Answered(ANSWER, b"")

    async def attached() -> Attachments:
        attachments = Attachments(
            "bremen",
            AnswersBy(answer),
            cert_pem=parties.node.cert_pem,
            key_pem=parties.node.key_pem,
            draw=random,
            clocks=CLOCKS,
        )
        attachments.keep([_entry(parties, relayed)], {"bremen": 0})
        return attachments

    with relay_in_thread(relayed, port) as relay:
        attachments = served.run(attached())
        served.wait(lambda lines: "bremen" in lines)
        before = served.lines["bremen"]
        time.sleep(IDLE_S)
        relay.freeze()
        served.wait(lambda lines: lines.get("bremen") not in (None, before), PATIENCE_S)
        assert served.run(served.client("bremen").describe(deadline_s=PATIENCE_S)) == ANSWER
        served.run(attachments.stop(1.0))


def _credentials(own: Identity, client: TestAuthority) -> grpc.ServerCredentials:
    return server_credentials(own.cert_pem, own.key_pem, [client.ca_pem])


def _entry(parties: Parties, port: int) -> CoordinatorEntry:
    return CoordinatorEntry(
        name="coordinator",
        host="127.0.0.1",
        port=port,
        ca_pem=parties.hub.ca_pem,
        server_name="coordinator",
        tls_spki=spki_of(parties.coordinator.cert_pem),
    )
