"""The log service's door: it closes every connection that it has accepted, whenever it ends."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress

import pytest
from aiohttp import web

from hansa_local.tls import client_context
from hansa_log_cities import log_cities
from hansa_node.log_service.door import Door, Places, listening_sockets
from hansa_node.log_service.server import server_tls

PLACES = Places(silent=4, handshakes=4, strangers=4, members=4)
SPEAKS_AT = 8
"""The step of the loop at which the caller says something: he has been accepted by then."""
STEPS = 24
"""More steps than a connection needs from the kernel's queue to the middle of TLS."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, bytes]:
    """The server's side, and the first words of a client's."""
    city = log_cities(tmp_path_factory.mktemp("door"))["luebeck"]
    hello = ssl.MemoryBIO()
    client = client_context(city.member.ca_pem).wrap_bio(ssl.MemoryBIO(), hello, server_hostname="luebeck")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return server_tls(city.config.tls.certificate, city.config.tls.key, [city.member.ca_pem]), hello.read()


async def unused(_: web.BaseRequest) -> web.Response:
    raise AssertionError("nobody gets as far as HTTP here")


@pytest.mark.parametrize(
    "words", [lambda _: b"", lambda hello: hello[:8], lambda hello: hello], ids=["silent", "begins", "whole"]
)
def test_a_door_that_ends_at_any_step_closes_what_it_accepted(
    tls: tuple[ssl.SSLContext, bytes], words: Callable[[bytes], bytes]
) -> None:
    async def ended_after(steps: int) -> None:
        door = Door(web.Server(unused), tls[0], PLACES)
        (listening,) = await listening_sockets("127.0.0.1", 0)
        with listening:
            accepting = asyncio.create_task(door.accept(listening))
            await asyncio.sleep(0)  # it waits for callers
            with socket.create_connection(listening.getsockname()) as caller:
                for step in range(steps):
                    if step == SPEAKS_AT:
                        caller.sendall(words(tls[1]))
                    await asyncio.sleep(0)
                accepting.cancel()
                with suppress(asyncio.CancelledError):
                    await accepting

    gc.collect()  # what other tests left is theirs
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for steps in range(STEPS):
            asyncio.run(ended_after(steps))
        gc.collect()
    assert not [str(each.message) for each in told if issubclass(each.category, ResourceWarning)]
