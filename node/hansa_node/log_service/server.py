"""HTTPS for the log service: the node's own certificate, and client certificates where a visitor shows one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from hansa_core.errors import ConfigError
from hansa_local.tls import server_context
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log_service.door import Door, Places, listening_sockets
from hansa_node.node_stop import task_group

_STOP_GRACE_S = 2.0
_IDLE_S = 60.0


@asynccontextmanager
async def served(application: web.Application, host: str, port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """The application, served for the body; gives the port. Raises ConfigError where the address cannot be had."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_GRACE_S)
    await runner.setup()
    assert runner.server is not None
    door = Door(partial(_Protocol, runner.server), tls, Places.within_open_files())
    try:
        try:
            listening = await listening_sockets(host, port)
        except OSError as failure:
            raise ConfigError(
                f"log.port: {host}:{port} cannot be listened on ({failure.strerror}); free it, or set another one"
            ) from None
        try:
            async with task_group() as tasks:
                accepting = [tasks.create_task(door.accept(each)) for each in listening]
                try:
                    yield listening[0].getsockname()[1]
                finally:
                    for task in accepting:
                        task.cancel()
        finally:
            for each in listening:  # after the loop has forgotten them
                each.close()
    finally:
        await runner.cleanup()
        await door.end()


class _Protocol(web.RequestHandler):
    """HTTP on one connection. Also what cannot be read as a request is answered without naming the software."""

    __slots__ = ()

    def __init__(self, server: web.Server) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # none is kept, as aiohttp's own runner passes it
            keepalive_timeout=_IDLE_S,
            auto_decompress=False,  # what is small when it is sent stays small
        )

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        reply = super().handle_error(request, status, exc, message)
        reply.headers["Server"] = ""  # left out, it would be filled in
        return reply


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
