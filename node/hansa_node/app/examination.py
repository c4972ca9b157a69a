"""Examination of a node: its files, the running process, and the way to each coordinator and witness."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import witnesses_of
from hansa_local.health import HealthPart, PartState
from hansa_local.role_checks import running_process
from hansa_local.shown_certificates import service_of
from hansa_local.trust_anchor import load_roster
from hansa_local.way import WayToService, walked
from hansa_node.app.check import CheckFinding, Weight, check
from hansa_node.app.config import NodeConfig, read_config

_STATES = {Weight.OK: PartState.OK, Weight.SOON: PartState.WARNING, Weight.FIX: PartState.FAILED}


def examine(config: Path, now: datetime) -> Iterator[HealthPart]:
    """As `RoleChecks.examine`."""
    settings = read_config(config)
    yield HealthPart(name="configuration", state=PartState.OK, text=str(config))
    yield from map(_part, check(settings, now))
    yield from running_process(settings.status_socket)
    try:
        roster = load_roster(settings, now)
    except ConfigError:
        return  # told of by the check
    yield from chain.from_iterable(walked(_ways(settings, roster), now))


def _part(finding: CheckFinding) -> HealthPart:
    return HealthPart(name=finding.subject, state=_STATES[finding.weight], text=finding.text)


def _ways(settings: NodeConfig, roster: Roster) -> Iterator[WayToService]:
    """To the coordinators that the node attaches to, and to the log services of its witnesses."""
    for entry in roster.coordinators:
        service = service_of(entry.name, entry, entry.host, entry.port)
        if service is not None and entry.name in settings.attach:
            yield WayToService(service=service, certificate=settings.tls.certificate, key=settings.tls.key)
    for member in witnesses_of(roster, settings.city):
        service = service_of(f"the log of {member.city}", member, member.host, member.log_port)
        if service is not None:
            yield WayToService(
                service=service, certificate=settings.tls.certificate, key=settings.tls.key, speaks_first=False
            )
