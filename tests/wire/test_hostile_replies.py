"""Whatever a peer gives back over real mutual TLS ends in an error that names the peer's failure, at every client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

import pytest

from hansa_core.errors import PeerError
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_hostile_peer import REPLIES, HostilePeer
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_test_tls import TestAuthority
from hansa_wire.rpc.coordinator_rpc import AsyncCoordinatorClient, CoordinatorClient
from hansa_wire.rpc.node_rpc import NodeClient
from hansa_wire.rpc.replies import GarbledReplyError
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import dial_aio, dial_sync, server_credentials

PEER, OWN = TestAuthority("peer"), TestAuthority("own")
SERVER, CALLER = PEER.issue("peer"), OWN.issue("caller")
QUERY = sign("query", b"question", Ed25519Signer(bytes(32)))


@asynccontextmanager
async def hostile(reply: bytes) -> AsyncIterator[dict[str, object]]:
    """What to dial to reach a server that gives back `reply`."""
    server = new_server(max_concurrent_calls=8)
    server.add_generic_rpc_handlers((HostilePeer(reply),))
    port = listen(server, "127.0.0.1", 0, server_credentials(SERVER.cert_pem, SERVER.key_pem, [OWN.ca_pem]))
    await server.start()
    try:
        yield {
            "host": "127.0.0.1",
            "port": port,
            "ca_pem": PEER.ca_pem,
            "server_name": "peer",
            "cert_pem": CALLER.cert_pem,
            "key_pem": CALLER.key_pem,
        }
    finally:
        await server.stop(None)


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("call", ["ask", "dry_run", "describe"])
def test_a_node_that_gives_back_anything_else_has_garbled_its_reply(reply: str, call: str) -> None:
    async def run() -> None:
        async with hostile(REPLIES[reply]()) as address, dial_aio(**address) as channel:  # type: ignore[arg-type]
            node = NodeClient(channel, "city", PeerClocks(utc_now))
            calls: dict[str, Callable[[], Awaitable[object]]] = {
                "ask": lambda: node.ask(QUERY, QUERY, deadline_s=30),
                "dry_run": lambda: node.dry_run(QUERY, QUERY, deadline_s=30),
                "describe": lambda: node.describe(deadline_s=30),
            }
            reason = "bytes that are no hansa.v1.NodeService" if reply == "all ones" else "the peer gave back"
            with pytest.raises(GarbledReplyError, match=reason):
                await calls[call]()

    asyncio.run(run())


@pytest.mark.parametrize("reply", REPLIES)
def test_a_coordinator_that_gives_back_anything_else_has_garbled_its_reply(reply: str) -> None:
    """To both clients; of a catalogue, nothing at all says that there are no cities."""
    says_nothing = reply == "nothing"

    async def in_asyncio(address: dict[str, object]) -> None:
        async with dial_aio(**address) as channel:  # type: ignore[arg-type]
            client = AsyncCoordinatorClient(channel)
            with expected(is_error=not says_nothing):
                assert await client.catalogue(deadline_s=30) == ()
            with expected(is_error=True):
                assert [each async for each in client.ask(QUERY, QUERY, deadline_s=30)]

    def blocking(address: dict[str, object]) -> None:
        with dial_sync(**address) as channel:  # type: ignore[arg-type]
            client = CoordinatorClient(channel)
            with expected(is_error=not says_nothing):
                assert client.catalogue(deadline_s=30) == ()
            with expected(is_error=True):
                list(client.ask(QUERY, QUERY, deadline_s=30))

    def expected(*, is_error: bool) -> AbstractContextManager[object]:
        return pytest.raises(PeerError) if is_error else nullcontext()

    async def run() -> None:
        async with hostile(REPLIES[reply]()) as address:
            await in_asyncio(address)
            await asyncio.to_thread(blocking, address)

    asyncio.run(run())
