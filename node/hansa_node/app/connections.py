"""A node's connections: the port that coordinators call, and its own streams to those that it attaches to."""

from __future__ import annotations

import logging
from random import SystemRandom
from typing import Self

import grpc.aio

from hansa_core.league.roster import CoordinatorEntry, Roster
from hansa_local.open_files import part_of_open_files
from hansa_node.app.caller_check import CallerCheck
from hansa_node.app.config import NodeConfig
from hansa_node.app.identity import Identity
from hansa_node.app.node_calls import NodeCalls
from hansa_node.context import NodeContext
from hansa_node.node_stop import task_group
from hansa_wire.attach.attachment import NodeAnswerer
from hansa_wire.attach.attachments import Attachments
from hansa_wire.rpc.node_rpc import NODE_SERVICE, add_node_service
from hansa_wire.rpc.server import Health, add_health_and_reflection, listen, new_server
from hansa_wire.rpc.tls import FollowingCredentials

log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 1024  # a coordinator needs one; a stranger's costs up to 100 kB until its handshake has failed


class Listener:
    """A gRPC server with its port, which coordinators of the league in force may call. `port`: where it listens."""

    def __init__(self, server: grpc.aio.Server, health: Health, credentials: FollowingCredentials, port: int) -> None:
        self.port = port
        self._server = server
        self._health = health
        self._credentials = credentials

    @classmethod
    async def bound(
        cls, config: NodeConfig, context: NodeContext, identity: Identity, calls: NodeCalls, *, max_calls: int
    ) -> Self:
        """Has its port, and answers nobody before `start`. Raises ConfigError where the port is not free."""
        most = part_of_open_files(1 / 4, most=_MOST_CONNECTIONS)
        server = new_server(max_concurrent_calls=max_calls, max_connections=most)
        add_node_service(server, calls, CallerCheck(context).permits, context.clocks)
        health = await add_health_and_reflection(server, (NODE_SERVICE,))
        authorities = _authorities(context.league.now.roster)
        credentials = FollowingCredentials(identity.tls_certificate, identity.tls_key, authorities)
        port = listen(server, config.listen.host, config.listen.port, credentials.credentials)
        return cls(server, health, credentials, port)

    async def start(self) -> None:
        """Take calls."""
        await self._server.start()

    def follow(self, roster: Roster) -> None:
        """Let its coordinators connect, and no others. Open connections stay, so each call is judged by itself."""
        self._credentials.follow(_authorities(roster))

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and let those under way end within `grace_s`."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_s)


class Connections:
    """The listener, if the node listens, and the streams to the coordinators that node.toml attaches to."""

    def __init__(
        self, config: NodeConfig, context: NodeContext, identity: Identity, calls: NodeCalls, listener: Listener | None
    ) -> None:
        self.listener = listener
        self._config = config
        self._attachments = Attachments(
            config.city,
            NodeAnswerer(config.city, calls),
            cert_pem=identity.tls_certificate,
            key_pem=identity.tls_key,
            draw=SystemRandom().random,
            clocks=context.clocks,
        )

    def attached_now(self) -> frozenset[str]:
        """The names of the coordinators that the node is attached to at this moment."""
        return self._attachments.attached

    async def open(self, roster: Roster) -> None:
        """Take calls, and attach to coordinators as `roster` has them."""
        self._attachments.keep(self._attached(roster), {self._config.city: 0})  # before a call can bring a newer roster
        if self.listener is not None:
            await self.listener.start()

    def follow(self, roster: Roster) -> None:
        """The roster has come into force."""
        if self.listener is not None:
            self.listener.follow(roster)
        self._attachments.follow(self._attached(roster))

    async def close(self) -> None:
        """Take no more calls, and let those under way end."""
        grace_s = self._config.limits.stop_grace_s
        async with task_group() as stopping:
            stopping.create_task(self._attachments.stop(grace_s))
            if self.listener is not None:
                stopping.create_task(self.listener.stop(grace_s))

    def _attached(self, roster: Roster) -> list[CoordinatorEntry]:
        """Those of the configured coordinators that are in the roster; the others are told in the log."""
        entries = {entry.name: entry for entry in roster.coordinators}
        for name in self._config.attach:
            if name not in entries:
                log.warning("not attached", extra={"coordinator": name, "reason": "it is not in the roster in force"})
        return [entries[name] for name in dict.fromkeys(self._config.attach) if name in entries]


def _authorities(roster: Roster) -> tuple[bytes, ...]:
    return tuple(entry.ca_pem for entry in roster.coordinators)
