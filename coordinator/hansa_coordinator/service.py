"""A running coordinator: the roster in force, its channels to nodes, its server, and where it attaches itself."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Collection, Sequence
from contextlib import suppress
from random import SystemRandom

from hansa_coordinator.breaker import BreakerRule
from hansa_coordinator.callers import Callers
from hansa_coordinator.carrier import Carrier
from hansa_coordinator.dialled import dialled_services
from hansa_coordinator.health import health_of
from hansa_coordinator.nodes import Nodes
from hansa_coordinator.relay import Relay
from hansa_coordinator.routes import Routes
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.league.roster import CoordinatorEntry, Roster
from hansa_local.clock import utc_now
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.expiry import Expiring, ExpiryWatch, certificate_of_service, of_roster
from hansa_local.free_memory import keep_giving_back_memory
from hansa_local.health import ProcessHealth
from hansa_local.open_files import part_of_open_files
from hansa_local.peer_clocks import PeerClocks
from hansa_local.roster_follower import RosterFollower
from hansa_local.shown_certificates import shown_by
from hansa_local.status_socket import status_served
from hansa_local.task_groups import plain_task_group
from hansa_local.tls_identity import OwnCertificate, read_certificate, read_key_of
from hansa_local.trust_anchor import load_roster
from hansa_wire.attach.attach_rpc import ATTACH_SERVICE, add_attach_service
from hansa_wire.attach.attachments import Attachments
from hansa_wire.attach.messages import Attacher
from hansa_wire.rpc.admission import BACKSTOP, Admission
from hansa_wire.rpc.coordinator_rpc import COORDINATOR_SERVICE, add_coordinator_service
from hansa_wire.rpc.guard import CallingPeer
from hansa_wire.rpc.server import add_health_and_reflection, listen, new_server
from hansa_wire.rpc.tls import FollowingCredentials, spki_of

log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 8192  # of analysts, attached peers, and strangers whose handshake has not failed yet
LOOK_EVERY_S = 1.0
"""Seconds between two looks at the roster file. A question looks for itself; a connection by a new authority waits."""


class RunningCoordinator:
    """A coordinator: built from its configuration and roster, run, and stopped once. `port`: 0 until it listens.

    It follows its roster file: a newer roster is in force for every call that comes after it was seen. That an older
    one is refused is known to this process alone: after a start, any roster that is valid then is the one in force.
    """

    def __init__(self, config: CoordinatorConfig, own: OwnCertificate) -> None:
        """Check everything that can be checked, and open nothing. Raises ConfigError."""
        roster = load_roster(config, utc_now())
        certificate = own.pem
        check_own_pin(config, roster, certificate)
        key = read_key_of(own, config.tls.key, setting="tls.key")
        self._upstream = _upstream(config, roster)
        self.port = 0
        self._config = config
        self._own = own
        self._roster = roster
        self._follower = RosterFollower(config, roster, utc_now)
        self._expiry = ExpiryWatch(utc_now)
        self._clocks = PeerClocks(utc_now)
        self._callers = Callers(roster, config.name, self._expiry, self._clocks)
        self._credentials = FollowingCredentials(certificate, key, self._callers.authorities)
        limits = config.limits
        self.routes = Routes(self._reach_changed)
        self._carrier = Carrier(
            self.routes,
            hedge_after_s=limits.hedge_after_s,
            rule=BreakerRule(failures=limits.circuit_failures),
            clock=asyncio.get_running_loop().time,
        )
        self._nodes = Nodes(
            cert_pem=certificate,
            key_pem=key,
            came=self._carrier.came,
            grace_s=limits.max_deadline_s,
            clocks=self._clocks,
        )
        self._attachments = Attachments(
            config.name,
            self._carrier,
            cert_pem=certificate,
            key_pem=key,
            draw=SystemRandom().random,
            clocks=self._clocks,
        )
        self._questions = Admission(limits.max_questions)
        self._relay = Relay(
            self._carrier,
            questions=self._questions,
            max_concurrency=limits.max_concurrency,
            max_deadline_s=limits.max_deadline_s,
        )
        self._server = new_server(
            max_connections=part_of_open_files(1 / 2, most=_MOST_CONNECTIONS),
            max_concurrent_calls=BACKSTOP * (limits.max_questions + len(self._callers.attachers)),
            max_calls_of_one=max(1, limits.max_questions // 2),
        )

    async def run(self) -> None:
        """Listen, dial and attach. Raises ConfigError if the port is not free."""
        add_coordinator_service(self._server, self._relay, self._permits, self._clocks)
        add_attach_service(self._server, self._config.name, self.routes, self._attacher, self._clocks)
        self._health = await add_health_and_reflection(self._server, [COORDINATOR_SERVICE, ATTACH_SERVICE])
        at = self._config.listen
        self.port = listen(self._server, at.host, at.port, self._credentials.credentials)
        self._lead_to_members()
        await self._server.start()
        self._attachments.keep(self._upstream, self.routes.reach)

    async def follow_roster(self) -> None:
        """Look at the roster file every second, until cancelled: for peers that have nothing to ask."""
        while True:
            self._look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def watch_expiry(self) -> None:
        """Warn of what expires, until cancelled."""
        await self._expiry.look(self._relied_on, self._shown)

    async def health(self) -> ProcessHealth:
        """The health of this moment. Nobody is asked."""
        own, roster, *authorities = self._relied_on()
        return health_of(
            self._config.name,
            [member.city for member in self._roster.members],
            self._nodes.connected | self.routes.cities_attached,
            vital=(own, roster),
            others=authorities,
            now=utc_now(),
        )

    async def stop(self) -> None:
        """Take no more calls, let those under way end, then hang up."""
        grace_s = self._config.limits.stop_grace_s
        await self._health.enter_graceful_shutdown()
        async with plain_task_group() as stopping:
            stopping.create_task(self._server.stop(grace_s))
            await self._attachments.stop(grace_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._questions.empty()
            self.routes.close()  # their streams would keep the server up for the whole grace
        await self._nodes.close()

    def _permits(self, caller: CallingPeer) -> bool:
        """Whether `caller` is an analyst who may ask. Raises RefusedError that says why not, or PeerError."""
        self._look()
        self._callers.check_analyst(caller)
        return True

    def _attacher(self, caller: CallingPeer) -> Attacher | None:
        self._look()
        return self._callers.attacher(caller)

    def _relied_on(self) -> Sequence[Expiring]:
        own = certificate_of_service(self._own.expires, service=self._config.name)
        return [own, *of_roster(self._roster)]

    async def _shown(self) -> Sequence[Expiring]:
        """What the nodes that listen show now, and the coordinators that this one attaches to."""
        services = dialled_services(self._config, self._roster)
        return await shown_by(services, self._config.tls.certificate, self._config.tls.key)

    def _look(self) -> None:
        """Put a newer roster in force, if the file holds one."""
        newer = self._follower.look()
        if newer is None:
            return
        callers = Callers(newer, self._config.name, self._expiry, self._clocks)
        gone = self._callers.turned_away_by(callers)
        self._roster, self._callers = newer, callers
        self._credentials.follow(self._callers.authorities)
        self._lead_to_members(gone)
        self._attachments.follow(self._upstream_in_force())
        self._follower.accept(newer)
        try:
            check_own_pin(self._config, newer, self._own.pem)
        except ConfigError as outside:
            log.error("not in the roster in force", extra={"reason": str(outside)})  # noqa: TRY400  no traceback

    def _lead_to_members(self, gone: Collection[Attacher] = ()) -> None:
        members = self._roster.members
        self._nodes.follow(members)
        self._relay.follow(tuple(member.city for member in members))
        self.routes.follow({member.city: member.answer_key for member in members}, self._nodes.clients, gone)

    def _reach_changed(self, came: Collection[str]) -> None:
        self._carrier.came(came)
        self._attachments.present(self.routes.reach)

    def _upstream_in_force(self) -> Sequence[CoordinatorEntry]:
        """Those of the configured coordinators that are in the roster; the others are told in the log."""
        entries = {entry.name: entry for entry in self._roster.coordinators}
        for name in self._config.attach:
            if name not in entries:
                log.warning("not attached", extra={"coordinator": name, "reason": "it is not in the roster in force"})
        return [entries[name] for name in dict.fromkeys(self._config.attach) if name in entries]


async def start(config: CoordinatorConfig) -> RunningCoordinator:
    """A coordinator that listens. Raises ConfigError."""
    certificate = read_certificate(config.tls.certificate, setting="tls.certificate")
    certificate.check_in_force(utc_now(), issuer=f"the CA of {config.name}")
    running = RunningCoordinator(config, certificate)
    await running.run()
    return running


async def serve(config: CoordinatorConfig) -> None:
    """Run until SIGINT or SIGTERM, then stop gracefully. Raises ConfigError."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    running = await start(config)
    fields = {"coordinator": config.name, "host": config.listen.host, "port": running.port}
    log.info("coordinator started", extra=fields)
    try:
        async with status_served(config.status_socket, running.health), plain_task_group() as group:
            beside = [
                group.create_task(running.watch_expiry()),
                group.create_task(running.follow_roster()),
                group.create_task(keep_giving_back_memory()),
            ]
            await stopping.wait()
            for task in beside:
                task.cancel()
    finally:
        await running.stop()
    log.info("coordinator stopped", extra={"coordinator": config.name})


def _upstream(config: CoordinatorConfig, roster: Roster) -> tuple[CoordinatorEntry, ...]:
    if config.name in config.attach:
        raise ConfigError(f"attach: {config.name} is this very coordinator; name others")
    try:
        return tuple(roster.coordinator(name) for name in dict.fromkeys(config.attach))
    except RefusedError as unknown:
        raise ConfigError(f"attach: {unknown.rule}; {unknown.remedy}") from None


def check_own_pin(config: CoordinatorConfig, roster: Roster, certificate: bytes) -> None:
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
