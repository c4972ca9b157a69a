"""Roles that are installed here, and which of them a configuration file is of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_local.profile import PROFILE_VARIABLE
from hansa_local.role_checks import CHECKS_GROUP, RoleChecks
from hansa_local.toml_file import read_toml

_NODE_VARIABLE = "HANSA_NODE_CONFIG"
_USUAL = (Path("node.toml"), Path("coordinator.toml"), Path("profile.toml"))


def found_config(given: Path | None) -> Path:
    """The file given, else the one that the environment names, else the usual one of this folder.

    Raises ConfigError where there is none.
    """
    if given is not None:
        return given
    named = [Path(os.environ[variable]) for variable in (_NODE_VARIABLE, PROFILE_VARIABLE) if os.environ.get(variable)]
    for path in (*named, *_USUAL):
        if path in named or path.is_file():
            return path
    raise ConfigError(
        f"--config is missing; give a node.toml, a coordinator.toml or a profile.toml, or set {PROFILE_VARIABLE}"
    )


def role_of(config: Path) -> tuple[RoleChecks, Mapping[str, object]]:
    """The checks of the role that the file configures, and what the file says. Raises ConfigError."""
    document = read_toml(config, hint="give a node.toml, a coordinator.toml or a profile.toml with --config")
    roles = list(_installed())
    for checks in roles:
        if checks.owns(document):
            return checks, document
    known = ", ".join(checks.role for checks in roles)
    raise ConfigError(
        f"{config}: is no configuration of a role that is installed here ({known}); give another file, or install its"
        " role as `pip install 'hansa[node]'`"
    )


def _installed() -> Iterator[RoleChecks]:
    """Those of each role, the analyst's among them; one whose packages are missing is not installed.

    A coordinator's image has no Arrow, so not even the analyst's checks can be loaded there.
    """
    for each in sorted(entry_points(group=CHECKS_GROUP)):
        try:
            yield each.load()
        except ModuleNotFoundError as missing:
            if (missing.name or "").startswith("hansa"):
                raise
