"""The log service's door: it closes every connection that it has accepted, whenever it ends."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from aiohttp import web

from hansa_local.tls import client_context
from hansa_log_cities import LogCity, log_cities
from hansa_node.log_service import door
from hansa_node.log_service.door import Door, Places, listening_sockets
from hansa_node.log_service.server import served, server_tls

PLACES = Places(silent=4, handshakes=4, strangers=4, members=4)
SPEAKS_AT = 8
"""The step of the loop at which the caller says something: he has been accepted by then."""
PATIENCE_S = 20.0
STEPS = 24
"""More steps than a connection needs from the kernel's queue to the middle of TLS."""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> LogCity:
    return log_cities(tmp_path_factory.mktemp("door"))["luebeck"]


@pytest.fixture(scope="module")
def tls(city: LogCity) -> tuple[ssl.SSLContext, bytes]:
    """The server's side, and the first words of a client's."""
    hello = ssl.MemoryBIO()
    client = client_context(city.member.ca_pem).wrap_bio(ssl.MemoryBIO(), hello, server_hostname="luebeck")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return server_tls(city.config.tls.certificate, city.config.tls.key, [city.member.ca_pem]), hello.read()


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """The body leaves no socket and no transport to the garbage collector."""
    gc.collect()  # what other tests left is theirs
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert not [str(each.message) for each in told if issubclass(each.category, ResourceWarning)]


async def unused(_: web.BaseRequest) -> web.Response:
    raise AssertionError("nobody gets as far as HTTP here")


@pytest.mark.parametrize(
    "words", [lambda _: b"", lambda hello: hello[:8], lambda hello: hello], ids=["silent", "begins", "whole"]
)
def test_a_door_that_ends_at_any_step_closes_what_it_accepted(
    tls: tuple[ssl.SSLContext, bytes], words: Callable[[bytes], bytes]
) -> None:
    async def ended_after(steps: int) -> None:
        opened = Door(web.Server(unused), tls[0], PLACES)
        (listening,) = await listening_sockets("127.0.0.1", 0)
        with listening:
            accepting = asyncio.create_task(opened.accept(listening))
            await asyncio.sleep(0)  # it waits for callers
            with socket.create_connection(listening.getsockname()) as caller:
                for step in range(steps):
                    if step == SPEAKS_AT:
                        caller.sendall(words(tls[1]))
                    await asyncio.sleep(0)
                accepting.cancel()
                with suppress(asyncio.CancelledError):
                    await accepting

    with nothing_left_open():
        for steps in range(STEPS):
            asyncio.run(ended_after(steps))


class DeafCaller:
    """A caller who gets through TLS and sends a line, and never answers the end of TLS."""

    def __init__(self, city: LogCity, port: int) -> None:
        self._sent, self._heard = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = city.member.server_name
        self._tls = client_context(city.member.ca_pem).wrap_bio(self._heard, self._sent, server_hostname=name)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    def say(self, line: bytes) -> None:
        """Once TLS stands."""
        while True:
            try:
                self._tls.write(line)
            except ssl.SSLWantReadError:
                self.socket.sendall(self._sent.read())
                self._heard.write(self.socket.recv(65536))
            else:
                self.socket.sendall(self._sent.read())
                return

    def is_hung_up_on(self) -> bool:
        with suppress(ConnectionError):
            while self.socket.recv(65536):
                pass
        return True


def test_a_caller_who_never_answers_the_end_of_tls_is_let_go_of(
    city: LogCity, tls: tuple[ssl.SSLContext, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_GOODBYE_S", 0.05)

    async def scene() -> None:
        async with served(web.Application(), "127.0.0.1", 0, tls[0]) as port:
            caller = await asyncio.to_thread(DeafCaller, city, port)
            with caller.socket:
                await asyncio.to_thread(caller.say, b"nonsense\r\n\r\n")  # HTTP answers, and ends TLS
                assert await asyncio.to_thread(caller.is_hung_up_on)

    asyncio.run(scene())


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"nonsense\r\n\r\n"], ids=["stays", "ended"])
def test_a_service_that_ends_lets_go_of_whoever_does_not_answer(
    city: LogCity, tls: tuple[ssl.SSLContext, bytes], line: bytes
) -> None:
    async def scene() -> socket.socket:
        async with served(web.Application(), "127.0.0.1", 0, tls[0]) as port:
            caller = await asyncio.to_thread(DeafCaller, city, port)
            await asyncio.to_thread(caller.say, line)
            assert await asyncio.to_thread(caller.socket.recv, 1)  # HTTP has answered
            return caller.socket

    with nothing_left_open():
        asyncio.run(scene()).close()
