"""A running coordinator: its roster, its channels to nodes, its server, and the streams by which it attaches itself."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import SystemRandom

import grpc.aio

from hansa_coordinator.breaker import BreakerRule
from hansa_coordinator.carrier import Carrier
from hansa_coordinator.relay import Relay
from hansa_coordinator.routes import Routes
from hansa_coordinator.watch import watch_connection
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.league.members import Peer
from hansa_core.league.roster import CoordinatorEntry, Roster
from hansa_local.clock import utc_now
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.expiry import Expiring, certificate_of_service, of_roster, warn_of_expiry
from hansa_local.key_file import read_private_file
from hansa_local.trust_anchor import load_roster
from hansa_wire.attach.attach_rpc import ATTACH_SERVICE, add_attach_service
from hansa_wire.attach.attachments import Attachments
from hansa_wire.attach.messages import Attacher
from hansa_wire.rpc.admission import BACKSTOP, Admission
from hansa_wire.rpc.coordinator_rpc import COORDINATOR_SERVICE, add_coordinator_service
from hansa_wire.rpc.node_rpc import NodeClient
from hansa_wire.rpc.pins import analyst_city
from hansa_wire.rpc.server import Health, add_health_and_reflection, listen, new_server
from hansa_wire.rpc.tls import dial_aio, server_credentials, spki_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCoordinator:
    """A coordinator that listens on `port` until it is stopped."""

    port: int
    server: grpc.aio.Server
    health: Health
    channels: Mapping[str, grpc.aio.Channel]
    watching: Sequence[asyncio.Task[None]]
    routes: Routes
    attachments: Attachments
    questions: Admission
    expiring: Sequence[Expiring]
    grace_s: float

    async def stop(self) -> None:
        """Take no more calls, let those under way end, then hang up."""
        await self.health.enter_graceful_shutdown()
        stopping = asyncio.create_task(self.server.stop(self.grace_s))
        await self.attachments.stop(self.grace_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.grace_s):
                await self.questions.empty()
        self.routes.close()  # their streams would keep the server up for the whole grace
        await stopping
        for task in self.watching:
            task.cancel()
        await asyncio.gather(*self.watching, return_exceptions=True)
        for channel in self.channels.values():
            await channel.close()


async def start(config: CoordinatorConfig) -> RunningCoordinator:
    """Check everything that can be checked, then listen. Raises ConfigError."""
    roster = load_roster(config, utc_now())
    certificate, key = _read(config.tls.certificate), read_private_file(config.tls.key)
    _check_own_pin(config, roster, certificate)
    upstream = _upstream(config, roster)
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
        if member.host is not None and member.port is not None
    }
    cities = tuple(member.city for member in roster.members)
    dialled = {city: NodeClient(channel) for city, channel in channels.items()}

    def changed(came: Collection[str]) -> None:
        carrier.came(came)
        attachments.present(routes.reach)

    answer_keys = {member.city: member.answer_key for member in roster.members}
    routes = Routes(answer_keys, dialled, changed)
    carrier = Carrier(
        routes,
        hedge_after_s=config.limits.hedge_after_s,
        rule=BreakerRule(failures=config.limits.circuit_failures),
        clock=asyncio.get_running_loop().time,
    )
    attachments = Attachments(config.name, carrier.relay, cert_pem=certificate, key_pem=key, draw=SystemRandom().random)
    limits = config.limits
    questions = Admission(limits.max_questions)
    relay = Relay(
        cities,
        carrier.carry,
        questions=questions,
        max_concurrency=limits.max_concurrency,
        max_deadline_s=limits.max_deadline_s,
    )
    peers: tuple[Peer, ...] = (*roster.members, *roster.coordinators)
    server = new_server(
        max_concurrent_calls=BACKSTOP * (limits.max_questions + len(peers)),
        max_calls_of_one=max(1, limits.max_questions // 2),
    )
    add_coordinator_service(server, relay, allow=_analysts_of(roster))
    add_attach_service(server, config.name, routes, _attachers_of(config, roster))
    health = await add_health_and_reflection(server, [COORDINATOR_SERVICE, ATTACH_SERVICE])
    authorities = [peer.ca_pem for peer in peers if peer.tls_spki != spki_of(certificate)]
    port = listen(server, config.listen.host, config.listen.port, server_credentials(certificate, key, authorities))
    await server.start()
    attachments.keep(upstream, routes.reach)
    watching = [
        asyncio.create_task(watch_connection(city, channel, carrier.came)) for city, channel in channels.items()
    ]
    return RunningCoordinator(
        port=port,
        server=server,
        health=health,
        channels=channels,
        watching=watching,
        routes=routes,
        attachments=attachments,
        questions=questions,
        expiring=[certificate_of_service(certificate, service=config.name), *of_roster(roster)],
        grace_s=limits.stop_grace_s,
    )


async def serve(config: CoordinatorConfig) -> None:
    """Run until SIGINT or SIGTERM, then stop gracefully. Raises ConfigError."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running = await start(config)
    fields = {"coordinator": config.name, "host": config.listen.host, "port": running.port}
    log.info("coordinator started", extra=fields)
    warning = asyncio.create_task(warn_of_expiry(lambda: running.expiring, utc_now))
    await stopping.wait()
    warning.cancel()
    await running.stop()
    log.info("coordinator stopped", extra={"coordinator": config.name})


def _analysts_of(roster: Roster) -> Callable[[bytes], bool]:
    authorities = {member.city: member.ca_pem for member in roster.members}

    @lru_cache(maxsize=1024)  # one certificate comes with every call on a connection; TLS has checked its dates
    def city_of(certificate: bytes) -> str:
        return analyst_city(certificate, authorities)

    def allow(certificate: bytes) -> bool:
        _check_in_force(roster)
        return city_of(certificate) in authorities

    return allow


def _attachers_of(config: CoordinatorConfig, roster: Roster) -> Callable[[str], Attacher | None]:
    """Who may attach: each city's node, and every other coordinator, under the very pin that the roster has for it."""
    pins = {member.tls_spki: Attacher(name=member.city, is_city=True) for member in roster.members}
    for entry in roster.coordinators:
        if entry.name != config.name:
            pins[entry.tls_spki] = Attacher(name=entry.name, is_city=False)

    def whose(pin: str) -> Attacher | None:
        _check_in_force(roster)
        return pins.get(pin)

    return whose


def _check_in_force(roster: Roster) -> None:
    if utc_now() >= roster.expires:
        raise PeerError("the coordinator's roster has expired; its operator has to fetch the newest one")


def _upstream(config: CoordinatorConfig, roster: Roster) -> tuple[CoordinatorEntry, ...]:
    if config.name in config.attach:
        raise ConfigError(f"attach: {config.name} is this very coordinator; name others")
    try:
        return tuple(roster.coordinator(name) for name in dict.fromkeys(config.attach))
    except RefusedError as unknown:
        raise ConfigError(f"attach: {unknown.rule}; {unknown.remedy}") from None


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
