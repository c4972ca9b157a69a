"""Examination of a coordinator: its files, the running process, and the way to each node that listens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from hansa_coordinator.dialled import dialled_services
from hansa_coordinator.service import check_own_pin
from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster
from hansa_local.coordinator_config import CoordinatorConfig, load_config
from hansa_local.expiry import certificate_of_service, of_roster
from hansa_local.expiry_parts import parts_of_expiry
from hansa_local.health import HealthPart, PartState
from hansa_local.role_checks import failed, running_process
from hansa_local.tls_identity import read_certificate, read_key_of
from hansa_local.trust_anchor import load_roster
from hansa_local.way import WayToService, walked


def examine(config: Path, now: datetime) -> Iterator[HealthPart]:
    """As `RoleChecks.examine`."""
    settings = load_config(config)
    yield HealthPart(name="configuration", state=PartState.OK, text=str(config))
    try:
        roster = load_roster(settings, now)
        yield from _roster(roster, now)
        yield from _identity(settings, roster, now)
    except ConfigError as broken:
        yield failed("roster and keys", broken)
        return
    yield from running_process(settings.status_socket)
    tls, services = settings.tls, dialled_services(settings, roster)
    ways = [WayToService(service=service, certificate=tls.certificate, key=tls.key) for service in services]
    yield from chain.from_iterable(walked(ways, now))


def _roster(roster: Roster, now: datetime) -> Iterator[HealthPart]:
    yield HealthPart(name="roster", state=PartState.OK, text=f"version {roster.version} of {roster.league}")
    yield from parts_of_expiry(of_roster(roster), now, expired=PartState.FAILED)


def _identity(settings: CoordinatorConfig, roster: Roster, now: datetime) -> Iterator[HealthPart]:
    own = read_certificate(settings.tls.certificate, setting="tls.certificate")
    check_own_pin(settings, roster, own.pem)
    read_key_of(own, settings.tls.key, setting="tls.key")
    yield HealthPart(name="TLS certificate", state=PartState.OK, text="the roster's pin holds")
    expiring = certificate_of_service(own.expires, service=settings.name)
    yield from parts_of_expiry([expiring], now, expired=PartState.FAILED)
