"""Checks that a role adds to `hansa health` and `hansa doctor`, by the entry-point group `hansa.checks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hansa_core.errors import ConfigError, HansaError
from hansa_local.health import HealthPart, PartState
from hansa_local.status_socket import status_at

CHECKS_GROUP = "hansa.checks"


class RoleChecks(Protocol):
    """The checks of one role: a node, a coordinator, an analyst."""

    @property
    def role(self) -> str:
        """As people call it."""

    def owns(self, document: Mapping[str, object]) -> bool:
        """Whether a TOML document is a configuration of this role, by its keys alone."""

    def status_socket(self, config: Path, document: Mapping[str, object]) -> Path:
        """Where the process of that configuration says how it is. Raises ConfigError."""

    def examine(self, config: Path, now: datetime) -> Iterator[HealthPart]:
        """Walk through everything that the role needs, and say of each how it is. Changes nothing.

        `now`: naive UTC. Raises ConfigError where the configuration itself cannot be read.
        """


def failed(name: str, error: HansaError) -> HealthPart:
    """The part that an error of ours tells of: its text says what is wrong, and what to do about it."""
    return HealthPart(name=name, state=PartState.FAILED, text=str(error))


def running_process(socket: Path) -> Iterator[HealthPart]:
    """What the running process says of itself, without what is in order.

    That none runs is no fault of the configuration.
    """
    try:
        health = status_at(socket)
    except ConfigError as silent:
        yield HealthPart(name="running process", state=PartState.WARNING, text=str(silent))
        return
    yield HealthPart(name="running process", state=PartState.OK, text=f"version {health.version}")
    yield from (part for part in health.parts if part.state is not PartState.OK)
