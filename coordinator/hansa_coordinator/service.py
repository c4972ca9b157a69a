"""A running coordinator: its roster, its warm channels to the nodes, its server."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import grpc.aio

from hansa_coordinator.config import CoordinatorConfig
from hansa_coordinator.relay import Relay
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.trust.roster import Roster
from hansa_wire.clock import utc_now
from hansa_wire.coordinator_rpc import COORDINATOR_SERVICE, add_coordinator_service
from hansa_wire.key_file import read_private_file
from hansa_wire.node_rpc import NodeClient
from hansa_wire.pins import analyst_city
from hansa_wire.server import Health, add_health_and_reflection, listen, new_server
from hansa_wire.tls import dial_aio, server_credentials, spki_of
from hansa_wire.trust_anchor import load_roster

log = logging.getLogger(__name__)


class RunningCoordinator:
    """A coordinator that listens on `port` until it is stopped."""

    def __init__(
        self, server: grpc.aio.Server, health: Health, channels: dict[str, grpc.aio.Channel], port: int, grace_s: float
    ) -> None:
        self.port = port
        self._server = server
        self._health = health
        self._channels = channels
        self._grace_s = grace_s

    async def stop(self) -> None:
        """Take no more calls, let those under way end, then hang up."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._grace_s)
        for channel in self._channels.values():
            await channel.close()


async def start(config: CoordinatorConfig) -> RunningCoordinator:
    """Check everything that can be checked, then listen. Raises ConfigError."""
    roster = load_roster(config, utc_now())
    certificate, key = _read(config.tls.certificate), read_private_file(config.tls.key)
    _check_own_pin(config, roster, certificate)
    channels = {
        member.city: dial_aio(
            member.host,
            member.port,
            ca_pem=member.ca_pem,
            server_name=member.server_name,
            cert_pem=certificate,
            key_pem=key,
        )
        for member in roster.members
    }
    for channel in channels.values():
        channel.get_state(try_to_connect=True)  # the first question finds the connections made
    relay = Relay(
        {city: NodeClient(channel) for city, channel in channels.items()},
        max_concurrency=config.limits.max_concurrency,
        max_deadline_s=config.limits.max_deadline_s,
    )
    server = new_server(max_concurrent_calls=config.limits.max_questions)
    add_coordinator_service(server, relay, allow=_analysts_of(roster))
    health = await add_health_and_reflection(server, [COORDINATOR_SERVICE])
    credentials = server_credentials(certificate, key, [member.ca_pem for member in roster.members])
    port = listen(server, config.listen.host, config.listen.port, credentials)
    await server.start()
    return RunningCoordinator(server, health, channels, port, config.limits.stop_grace_s)


async def serve(config: CoordinatorConfig) -> None:
    """Run until SIGINT or SIGTERM, then stop gracefully. Raises ConfigError."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running = await start(config)
    fields = {"coordinator": config.name, "host": config.listen.host, "port": running.port}
    log.info("coordinator started", extra=fields)
    await stopping.wait()
    await running.stop()
    log.info("coordinator stopped", extra={"coordinator": config.name})


def _analysts_of(roster: Roster) -> Callable[[bytes], bool]:
    authorities = {member.city: member.ca_pem for member in roster.members}

    @lru_cache(maxsize=1024)  # one certificate comes with every call on a connection; TLS has checked its dates
    def city_of(certificate: bytes) -> str:
        return analyst_city(certificate, authorities)

    def allow(certificate: bytes) -> bool:
        if utc_now() >= roster.expires:
            raise PeerError("the coordinator's roster has expired; its operator has to fetch the newest one")
        return city_of(certificate) in authorities

    return allow


def _check_own_pin(config: CoordinatorConfig, roster: Roster, certificate: bytes) -> None:
    try:
        expected = roster.coordinator(config.name).tls_spki
        if spki_of(certificate) != expected:
            raise ConfigError(
                f"tls.certificate {config.tls.certificate}: its key is not the one that the roster pins for "
                f"{config.name}, so every node would turn it away; use that key's certificate"
            )
    except RefusedError as unknown:
        raise ConfigError(f"name: {unknown.rule}; {unknown.remedy}") from None
    except PeerError as broken:
        raise ConfigError(f"tls.certificate {config.tls.certificate}: {broken}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as broken:
        raise ConfigError(f"tls.certificate {path}: cannot be read ({broken.strerror}); give a readable file") from None
