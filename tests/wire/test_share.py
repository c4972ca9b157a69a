"""No caller has more calls under way than its share, whatever else the server has room for: over real mutual TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
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
    Share(1)


WORD = b"word"


async def one_to_one(request: bytes, context: Any) -> bytes:
    return request


async def one_to_many(request: bytes, context: Any) -> AsyncIterator[bytes]:
    for _ in range(2):
        yield request


async def many_to_one(requests: AsyncIterator[bytes], context: Any) -> bytes:
    return b"".join([request async for request in requests])


async def many_to_many(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


HANDLERS: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
    "unary_unary": grpc.unary_unary_rpc_method_handler(one_to_one),
    "unary_stream": grpc.unary_stream_rpc_method_handler(one_to_many),
    "stream_unary": grpc.stream_unary_rpc_method_handler(many_to_one),
    "stream_stream": grpc.stream_stream_rpc_method_handler(many_to_many),
}


@asynccontextmanager
async def words(limit: int) -> AsyncIterator[grpc.aio.Channel]:
    """A caller's channel to a server of HANDLERS that gives each caller `limit` places."""
    own, caller = CITY.issue("node.city"), HUB.issue("one")
    server = new_server(max_concurrent_calls=64, max_calls_of_one=limit)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("words", HANDLERS)])
    port = listen(server, "127.0.0.1", 0, server_credentials(own.cert_pem, own.key_pem, [HUB.ca_pem]))
    await server.start()
    tls = {"ca_pem": CITY.ca_pem, "cert_pem": caller.cert_pem, "key_pem": caller.key_pem}
    try:
        async with dial_aio("127.0.0.1", port, server_name="node.city", **tls) as channel:
            yield channel
    finally:
        await server.stop(None)


@pytest.mark.parametrize("kind", HANDLERS)
def test_a_call_of_each_kind_gets_its_answer_and_gives_its_place_back(kind: str) -> None:
    """Reflection and attachments are streams both ways."""
    asks, answers = kind.split("_")

    async def scene() -> None:
        async with words(1) as channel:
            call = getattr(channel, kind)(f"/words/{kind}")
            for _ in range(2):
                said = call(iter([WORD, WORD]) if asks == "stream" else WORD)
                heard = b"".join([word async for word in said]) if answers == "stream" else await said
                assert heard == (WORD if kind == "unary_unary" else WORD + WORD)

    asyncio.run(scene())


def test_a_place_that_comes_free_is_one_place() -> None:
    async def scene() -> None:
        async with words(SHARE) as channel:
            held = [await begun(channel) for _ in range(SHARE)]
            await held[0].done_writing()
            assert await held[0].read() is grpc.aio.EOF
            assert await held[0].code() is grpc.StatusCode.OK
            await begun(channel)
            with pytest.raises(grpc.aio.AioRpcError, match="RESOURCE_EXHAUSTED"):
                await begun(channel)

    asyncio.run(scene())


async def begun(channel: grpc.aio.Channel) -> Any:
    """A stream that holds its place."""
    call: Any = channel.stream_stream("/words/stream_stream")
    stream = call()
    await stream.write(WORD)
    assert await stream.read() == WORD
    return stream
