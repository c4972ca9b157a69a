"""HTTPS for the log service: the node's own certificate, and client certificates where a visitor shows one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from aiohttp import web

from hansa_core.errors import ConfigError
from hansa_local.tls import server_context
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce

_STOP_GRACE_S = 2.0
_HANDSHAKE_S = 3.0  # strangers in any number keep nobody out for longer
_IDLE_S = 60.0
_STRANGER_S = 60.0  # long enough for some tiles of a public log, over a slow line
_MOST_STRANGERS = 128
_MOST_MEMBERS = 256


@asynccontextmanager
async def served(application: web.Application, host: str, port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """The application, served for the body; gives the port. Raises ConfigError where the address cannot be had."""
    runner = web.AppRunner(
        application,
        access_log=None,
        shutdown_timeout=_STOP_GRACE_S,
        keepalive_timeout=_IDLE_S,
        auto_decompress=False,  # what is small when it is sent stays small
    )
    await runner.setup()
    assert runner.server is not None
    door = _Door(runner.server)
    try:
        try:
            listening = await asyncio.get_running_loop().create_server(
                door.visit, host, port, ssl=tls, ssl_handshake_timeout=_HANDSHAKE_S
            )
        except OSError as failure:
            raise ConfigError(
                f"log.port: {host}:{port} cannot be listened on ({failure.strerror}); free it, or set another one"
            ) from None
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            listening.close()
    finally:
        await runner.cleanup()


class _Door:
    """Lets connections in: strangers and members each so many, so that neither keeps the others out."""

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._strangers: set[asyncio.Transport] = set()
        self._members: set[asyncio.Transport] = set()

    def visit(self) -> asyncio.Protocol:
        """The protocol of a new connection, until TLS has told who comes."""
        return _Visit(self)

    def enter(self, transport: asyncio.Transport) -> None:
        """Hand the connection to HTTP, or end it where there are too many. A stranger's ends after some time."""
        is_stranger = transport.get_extra_info("ssl_object").getpeercert(binary_form=True) is None
        inside, most = (self._strangers, _MOST_STRANGERS) if is_stranger else (self._members, _MOST_MEMBERS)
        inside -= {each for each in inside if each.is_closing()}
        if len(inside) >= most:
            transport.abort()
            return
        inside.add(transport)
        if is_stranger:
            asyncio.get_running_loop().call_later(_STRANGER_S, transport.abort)
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)


class _Visit(asyncio.Protocol):
    """A connection that nobody has looked at yet."""

    def __init__(self, door: _Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.enter(cast("asyncio.Transport", transport))


class ListenerTls:
    """TLS of a listener whose client authorities follow the league in force: see `server_tls`."""

    def __init__(self, certificate: Path, key: Path, league: CurrentLeague) -> None:
        self._certificate = certificate
        self._key = key
        self._league = league
        self._made = (league.now, self._context_of(league.now))
        self.listener = self._context_of(league.now)
        self.listener.sni_callback = self._switch

    def _switch(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Before the handshake goes on, whether or not the client names a server."""
        league = self._league.now
        if self._made[0] is not league:
            self._made = (league, self._context_of(league))
        connection.context = self._made[1]

    def _context_of(self, league: LeagueInForce) -> ssl.SSLContext:
        return server_tls(self._certificate, self._key, [member.ca_pem for member in league.roster.members])


def server_tls(certificate: Path, key: Path, authorities: Iterable[bytes]) -> ssl.SSLContext:
    """TLS 1.2 or newer. A client certificate may be left out; one that is shown was issued by one of `authorities`.

    Which city's it is, and what its holder may do, is decided for each request.
    """
    context = server_context(b"\n".join(authorities))
    context.load_cert_chain(certificate, key)
    return context
