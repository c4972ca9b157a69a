"""Connections of the log service before HTTP: accepted, led through TLS, and let in, of each kind so many."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, cast

from hansa_local.open_files import part_of_open_files
from hansa_node.node_stop import task_group

log = logging.getLogger(__name__)

_HANDSHAKE_S = 3.0  # from the first packet to the end of TLS
_LEAST_S = 0.01
_BACKLOG = 512
_STRANGER_S = 60.0  # long enough for some tiles of a public log, over a slow line
_WITHOUT_DESCRIPTORS_S = 0.1
_GOODBYE_S = 3.0  # from the end that this side gives TLS to the caller's


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many connections there may be at once: `silent` ones that have said nothing yet, those in the middle of TLS
    (`handshakes`, 256 KiB each), and those that are in, `strangers` and `members`."""

    silent: int
    handshakes: int
    strangers: int
    members: int

    @classmethod
    def within_open_files(cls) -> Self:
        """Three eighths of what the process may have open, and less where that is plenty."""
        return cls(
            silent=part_of_open_files(1 / 8, most=1024),
            handshakes=part_of_open_files(1 / 16, most=128),
            strangers=part_of_open_files(1 / 16, most=128),
            members=part_of_open_files(1 / 8, most=256),
        )


class Door:
    """Lets connections in. Whoever has not shown who he is makes place for the next one, the oldest first: so silent
    strangers keep nobody out, however many they are. Strangers and members who are in keep each other out neither."""

    def __init__(self, new_protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext, places: Places) -> None:
        self._new_protocol = new_protocol
        self._tls = tls
        self._places = places
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}
        self._spoken: set[socket.socket] = set()  # closed from here, since a task that never begins closes nothing
        self._handshakes: dict[asyncio.Transport, None] = {}
        self._strangers: set[asyncio.Transport] = set()
        self._members: set[asyncio.Transport] = set()

    async def accept(self, listening: socket.socket) -> None:
        """Take connections until cancelled; those that are not in by then are ended."""
        async with task_group() as tasks:
            try:
                while True:
                    try:
                        connection, _ = listening.accept()
                    except BlockingIOError:
                        await _called(listening)
                        continue
                    except OSError:  # no descriptor is left, or the caller has hung up
                        await asyncio.sleep(_WITHOUT_DESCRIPTORS_S)
                        continue
                    self._await_first_word(connection, tasks)
                    await asyncio.sleep(0)  # accepting does not wait while callers do
            finally:
                self._turn_away_all()

    def _await_first_word(self, connection: socket.socket, tasks: asyncio.TaskGroup) -> None:
        """TLS begins when the caller has said something: until then the connection costs a descriptor and no buffer."""
        connection.setblocking(False)
        if len(self._silent) >= self._places.silent:
            self._hang_up(next(iter(self._silent)))
        loop = asyncio.get_running_loop()
        self._silent[connection] = loop.call_later(_HANDSHAKE_S, self._hang_up, connection)
        loop.add_reader(connection, self._first_word, connection, tasks)

    def _first_word(self, connection: socket.socket, tasks: asyncio.TaskGroup) -> None:
        until = self._leave_silent(connection)
        self._spoken.add(connection)
        tasks.create_task(self._shake_hands(connection, until))

    def _hang_up(self, connection: socket.socket) -> None:
        self._leave_silent(connection)
        connection.close()

    def _leave_silent(self, connection: socket.socket) -> float:
        """The time of the loop by which TLS has to have ended."""
        ending = self._silent.pop(connection)
        ending.cancel()
        asyncio.get_running_loop().remove_reader(connection)
        return ending.when()

    async def _shake_hands(self, connection: socket.socket, until: float) -> None:
        loop = asyncio.get_running_loop()
        if connection not in self._spoken:  # ended before its turn came
            return
        self._spoken.remove(connection)  # from here on its transport closes it, whatever happens
        plain, visit = await loop.connect_accepted_socket(_Visit, connection)
        with self._handshake_place(plain):
            try:
                left_s = max(_LEAST_S, until - loop.time())
                tls = await loop.start_tls(
                    plain,
                    visit,
                    self._tls,
                    server_side=True,
                    ssl_handshake_timeout=left_s,
                    ssl_shutdown_timeout=_GOODBYE_S,
                )
            except OSError:  # no TLS, another authority, too late: TLS has told the caller
                plain.abort()
                return
            except Exception as failure:  # noqa: BLE001  whatever one caller sends, others are let in
                log.warning("handshake failed", extra={"error": type(failure).__name__})
                plain.abort()
                return
        if tls is not None:  # else he made place, or went away
            self._enter(plain, tls, visit)

    @contextmanager
    def _handshake_place(self, plain: asyncio.Transport) -> Iterator[None]:
        if len(self._handshakes) >= self._places.handshakes:
            oldest = next(iter(self._handshakes))
            del self._handshakes[oldest]
            oldest.abort()
        self._handshakes[plain] = None
        try:
            yield
        finally:
            self._handshakes.pop(plain, None)

    def _enter(self, plain: asyncio.Transport, tls: asyncio.Transport, visit: _Visit) -> None:
        """Hand the connection to HTTP, or end it where there are too many. A stranger's ends after some time.

        `plain`: below TLS. It has its descriptor until the caller has heard the end of TLS, or is given up.
        """
        is_stranger = tls.get_extra_info("ssl_object").getpeercert(binary_form=True) is None
        inside, most = (
            (self._strangers, self._places.strangers) if is_stranger else (self._members, self._places.members)
        )
        inside -= {each for each in inside if each.is_closing()}
        if len(inside) >= most:
            plain.abort()
            return
        inside.add(plain)
        if is_stranger:
            asyncio.get_running_loop().call_later(_STRANGER_S, plain.abort)
        visit.go_on(tls, self._new_protocol())

    async def end(self) -> None:
        """End the connections that are still there: HTTP has ended its own, and not every caller lets go of TLS."""
        for plain in self._strangers | self._members:
            plain.abort()
        await asyncio.sleep(0)  # in which the loop closes them

    def _turn_away_all(self) -> None:
        for connection in tuple(self._silent):
            self._hang_up(connection)
        while self._spoken:
            self._spoken.pop().close()
        for plain in tuple(self._handshakes):
            plain.abort()


class _Visit(asyncio.Protocol):
    """A connection that nobody has looked at yet: what it says after TLS is kept until HTTP takes over."""

    def __init__(self) -> None:
        self._said: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).pause_reading()  # `start_tls` goes on: what comes first is TLS's

    def data_received(self, data: bytes) -> None:
        self._said.append(data)

    def go_on(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let `protocol` have the connection, and what it has said so far."""
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        for data in self._said:
            protocol.data_received(data)


async def _called(listening: socket.socket) -> None:
    """Wait for a caller, who is not accepted yet: whoever accepts takes charge of the connection in the same step.

    The loop's `sock_accept` leaves a step in between, and whoever is cancelled there leaves a connection to nobody.
    """
    loop = asyncio.get_running_loop()
    calls = asyncio.Event()
    loop.add_reader(listening, calls.set)
    try:
        await calls.wait()
    finally:
        loop.remove_reader(listening)


async def listening_sockets(host: str, port: int) -> Sequence[socket.socket]:
    """One for each address that `host` stands for. Raises OSError where one cannot be had."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, *_, address in dict.fromkeys(found):
            sockets.append(socket.create_server(address, family=family, backlog=_BACKLOG))
            sockets[-1].setblocking(False)
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets
