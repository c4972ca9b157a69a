"""Checks that an analyst adds to `hansa health` and `hansa doctor`; what they need is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_local.health import HealthPart


class AnalystChecks:
    """The RoleChecks of an analyst."""

    role = "analyst"

    def owns(self, document: Mapping[str, object]) -> bool:
        return "query_key" in document

    def status_socket(self, config: Path, document: Mapping[str, object]) -> Path:
        raise ConfigError(f"{config}: is an analyst's profile, and nothing runs by it; use `hansa doctor`")

    def examine(self, config: Path, now: datetime) -> Iterator[HealthPart]:
        from hansa.checking.examination import examine

        return examine(config, now)


CHECKS = AnalystChecks()
