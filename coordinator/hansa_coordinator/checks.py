"""Checks that a coordinator adds to `hansa health` and `hansa doctor`; what they need is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from hansa_local.health import HealthPart
from hansa_local.status_socket import COORDINATOR_SOCKET, socket_in


class CoordinatorChecks:
    """The RoleChecks of a coordinator."""

    role = "coordinator"

    def owns(self, document: Mapping[str, object]) -> bool:
        return "name" in document

    def status_socket(self, config: Path, document: Mapping[str, object]) -> Path:
        return socket_in(config, document, COORDINATOR_SOCKET)

    def examine(self, config: Path, now: datetime) -> Iterator[HealthPart]:
        from hansa_coordinator.examination import examine

        return examine(config, now)


CHECKS = CoordinatorChecks()
