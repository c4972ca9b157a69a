"""Services that a coordinator dials: the nodes that listen, and the coordinators that it attaches to."""

from __future__ import annotations

from hansa_core.league.roster import Roster
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.shown_certificates import DialledService, service_of


def dialled_services(config: CoordinatorConfig, roster: Roster) -> list[DialledService]:
    """Those of the roster, with their addresses there."""
    found = (
        *(service_of(f"the node of {each.city}", each, each.host, each.port) for each in roster.members),
        *(
            service_of(entry.name, entry, entry.host, entry.port)
            for entry in roster.coordinators
            if entry.name in config.attach
        ),
    )
    return [service for service in found if service is not None]
