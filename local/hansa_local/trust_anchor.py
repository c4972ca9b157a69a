"""Trust anchor: the governors whose keys stand in the TOML file of a node, a coordinator or an analyst."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticKnownError

from hansa_core.documents.model import ListOf, Section
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.names import check_distinct
from hansa_core.league.roster import Roster
from hansa_core.signing.keys import public_key_from_hex
from hansa_local.roster_file import FileRoster
from hansa_local.toml_file import FilePath, read_toml, section_of


class UntrustedRosterError(ConfigError):
    """The roster file is not one that the configured governors signed, has expired, or may not follow another."""


def _public_key(value: object) -> bytes:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return public_key_from_hex(value, "the key")


class TrustAnchor(Section):
    """The league's roster, and who must have signed it."""

    roster: FilePath = Field(description="the signed list of members, `roster.json`")
    governance_keys: ListOf[Annotated[bytes, BeforeValidator(_public_key)]] = Field(
        min_length=1, description="the governors' raw Ed25519 public keys, each 64 lower-case hex digits"
    )
    governance_threshold: int = Field(ge=1, description="how many of these keys must have signed the roster")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        check_distinct(self.governance_keys, "governance_keys")  # a governor listed twice does not count twice
        if self.governance_threshold > len(self.governance_keys):
            raise ValueError(
                f"governance_threshold is {self.governance_threshold}, more than there are governance_keys, so no"
                f" roster could pass; write a whole number from 1 to {len(self.governance_keys)}"
            )
        return self


def read_anchor(path: Path, *, hint: str) -> TrustAnchor:
    """The anchor that a file names among other things, such as a profile. Raises ConfigError."""
    document = read_toml(path, hint=hint)
    known = {key: value for key, value in document.items() if key in TrustAnchor.model_fields}
    return section_of(known, TrustAnchor, path)


def load_roster(anchor: TrustAnchor, now: datetime) -> Roster:
    """The roster in force at `now` (naive UTC). Raises UntrustedRosterError, or ConfigError if there is none."""
    return load_signed_roster(anchor, now)[0]


def load_signed_roster(anchor: TrustAnchor, now: datetime) -> tuple[Roster, bytes]:
    """The same, and the content of its file. Raises as `load_roster` does."""
    source = FileRoster(
        path=anchor.roster,
        governance_keys=anchor.governance_keys,
        governance_threshold=anchor.governance_threshold,
    )
    try:
        return source.load_signed(now)
    except PeerError as untrusted:
        raise UntrustedRosterError(f"the roster cannot be trusted: {untrusted}") from None
