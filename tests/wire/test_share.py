"""No caller has more calls under way than its share, whatever else the server has room for: over real mutual TLS."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from hansa_core.errors import BusyError
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_test_tls import TestAuthority
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.node_rpc import NodeClient, add_node_service
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.share import Share
from hansa_wire.rpc.tls import dial_aio, server_credentials

CITY, HUB = TestAuthority("city"), TestAuthority("hub")
DESCRIPTION = sign("description", b"it", Ed25519Signer(bytes(32)))
CLOCKS = PeerClocks(utc_now)
SHARE = 2


class Node:
    """A node whose descriptions wait until they are let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self._inside = asyncio.Semaphore(0)

    async def lets_in(self, call: asyncio.Task[Envelope]) -> bool:
        """Whether one more call got here before `call` ended."""
        inside = asyncio.create_task(self._inside.acquire())
        await asyncio.wait((inside, call), return_when=asyncio.FIRST_COMPLETED)
        is_inside = inside.done()
        inside.cancel()
        return is_inside

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        raise NotImplementedError

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Envelope:
        raise NotImplementedError

    async def describe(self) -> Envelope:
        self._inside.release()
        await self.let_go.wait()
        return DESCRIPTION


def test_a_caller_gets_its_share_and_not_one_more_and_takes_nothing_from_another() -> None:
    async def scene() -> None:
        node, own = Node(), CITY.issue("node.city")
        server = new_server(max_concurrent_calls=64, max_calls_of_one=SHARE)
        add_node_service(server, node, lambda _: True, CLOCKS)
        port = listen(server, "127.0.0.1", 0, server_credentials(own.cert_pem, own.key_pem, [HUB.ca_pem]))
        await server.start()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(server.stop, None)
            one, other = [
                NodeClient(
                    await stack.enter_async_context(
                        dial_aio(
                            "127.0.0.1",
                            port,
                            ca_pem=CITY.ca_pem,
                            server_name="node.city",
                            cert_pem=caller.cert_pem,
                            key_pem=caller.key_pem,
                        )
                    ),
                    "city",
                    CLOCKS,
                )
                for caller in (HUB.issue("one"), HUB.issue("other"))
            ]
            held = [asyncio.create_task(one.describe(deadline_s=60)) for _ in range(SHARE)]
            assert [await node.lets_in(call) for call in held] == [True] * SHARE
            beyond = asyncio.create_task(one.describe(deadline_s=60))
            assert not await node.lets_in(beyond)
            with pytest.raises(BusyError):
                await beyond
            held.append(asyncio.create_task(other.describe(deadline_s=60)))
            assert await node.lets_in(held[-1])
            node.let_go.set()
            assert await asyncio.gather(*held) == [DESCRIPTION] * (SHARE + 1)
            assert await one.describe(deadline_s=60) == DESCRIPTION

    asyncio.run(scene())


def test_a_share_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="below 1"):
        Share(0)
