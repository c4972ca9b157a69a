"""Checks that a node adds to `hansa health` and `hansa doctor`; what they need is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from hansa_local.health import HealthPart
from hansa_local.status_socket import NODE_SOCKET, socket_in


class NodeChecks:
    """The RoleChecks of a node."""

    role = "node"

    def owns(self, document: Mapping[str, object]) -> bool:
        return "city" in document and not document.keys() & {"query_key", "tls_key"}

    def status_socket(self, config: Path, document: Mapping[str, object]) -> Path:
        return socket_in(config, document, NODE_SOCKET)

    def examine(self, config: Path, now: datetime) -> Iterator[HealthPart]:
        from hansa_node.app.examination import examine

        return examine(config, now)


CHECKS = NodeChecks()
