"""An analyst's profile: one TOML file that says which league, whom to trust, and who asks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_core.query.nearest import nearest, shown
from hansa_core.trust.keys import public_key_from_hex
from hansa_core.trust.names import check_distinct, check_label, check_purpose, check_shown_text

_PATHS = ("roster", "contracts", "credential", "query_key", "tls_cert", "tls_key")
_REQUIRED = ("league", "governance_keys", "governance_threshold", "city", *_PATHS)
_OPTIONAL = ("coordinator", "purpose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who asks which league, through whom. Secrets are paths.

    `governance_keys`, `governance_threshold`: the trust anchor, raw Ed25519 public keys and how many must have signed
    the roster. `contracts`: the folder of the league's contract files. `coordinator`: None takes the roster's first.
    `purpose`: of a question that names none; None if each has to.
    """

    league: str
    roster: Path
    governance_keys: tuple[bytes, ...]
    governance_threshold: int
    contracts: Path
    city: str
    credential: Path
    query_key: Path
    tls_cert: Path
    tls_key: Path
    coordinator: str | None = None
    purpose: str | None = None

    def __post_init__(self) -> None:
        check_shown_text(self.league, "league")
        check_label(self.city, "city")
        check_distinct(self.governance_keys, "governance_keys")
        if not 1 <= self.governance_threshold <= len(self.governance_keys):
            raise ValueError("governance_threshold must be 1 to the number of governance_keys")
        if self.coordinator is not None:
            check_label(self.coordinator, "coordinator")
        if self.purpose is not None:
            check_purpose(self.purpose, "purpose")


def load_profile(path: Path) -> Profile:
    """Read the file; its relative paths are relative to it.

    Raises ConfigError that names the file, the field, the rule and the remedy.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); set HANSA_PROFILE to your profile") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError(f"{path}: is no TOML ({broken}); mend that line") from None
    try:
        return _profile(document, path.absolute().parent)
    except ValueError as broken:
        raise ConfigError(f"{path}: {broken}") from None


def _profile(document: Mapping[str, object], folder: Path) -> Profile:
    for key in document:
        if key not in (*_REQUIRED, *_OPTIONAL):
            raise ValueError(f"{shown(key)} is no known key; {nearest(key, (*_REQUIRED, *_OPTIONAL))}")
    for key in _REQUIRED:
        if key not in document:
            raise ValueError(f"{key} is missing; add it as in the profile that `hansa league new` writes")
    threshold = document["governance_threshold"]
    if type(threshold) is not int:  # a boolean is an int too
        raise ValueError("governance_threshold must be a whole number, such as 3")
    return Profile(
        league=_text(document, "league"),
        governance_keys=_keys(document["governance_keys"]),
        governance_threshold=threshold,
        city=_text(document, "city"),
        coordinator=_text(document, "coordinator") if "coordinator" in document else None,
        purpose=_text(document, "purpose") if "purpose" in document else None,
        **{key: folder / _text(document, key) for key in _PATHS},
    )


def _text(document: Mapping[str, object], key: str) -> str:
    value = document[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be a text in quotes that is not empty")
    return value


def _keys(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise ValueError('governance_keys must be a list of texts, such as ["…64 hex digits…"]')
    return tuple(public_key_from_hex(key, f"governance_keys[{index}]") for index, key in enumerate(value))
