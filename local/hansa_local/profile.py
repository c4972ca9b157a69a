"""Profiles of analysts and auditors: which league, whom to trust, and who asks or reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from hansa_core.documents.model import Text
from hansa_core.errors import ConfigError
from hansa_core.league.names import check_label, check_purpose, check_shown_text
from hansa_local.toml_file import FilePath, read_toml, section_of
from hansa_local.trust_anchor import TrustAnchor

PROFILE_VARIABLE = "HANSA_PROFILE"


def _checked_by(check: Callable[[str, str], None]) -> AfterValidator:
    def checked(name: str) -> str:
        check(name, "the name")
        return name

    return AfterValidator(checked)


Label = Annotated[Text, _checked_by(check_label)]
Purpose = Annotated[Text, _checked_by(check_purpose)]
ShownText = Annotated[Text, _checked_by(check_shown_text)]


class Profile(TrustAnchor):
    """The keys of `profile.toml`: who asks which league, through which coordinator. Secrets are paths."""

    league: ShownText = Field(description="the league's name, as the roster has it")
    contracts: FilePath = Field(description="the folder of the league's contract files")
    city: Label = Field(description="the city that vouches for the analyst")
    credential: FilePath = Field(description="what that city signed about the analyst, `credential.json`")
    query_key: FilePath = Field(description="signs the questions: an Ed25519 private key, PEM, mode 0600")
    tls_cert: FilePath = Field(description="the certificate that the analyst shows to the coordinator, PEM")
    tls_key: FilePath = Field(description="its private key, PEM, mode 0600")
    coordinator: Label | None = Field(
        default=None, description="the coordinator to ask through; the roster's first if left out"
    )
    purpose: Purpose | None = Field(
        default=None, description="the purpose of a question that names none; if left out, each has to name its own"
    )


class AuditorProfile(TrustAnchor):
    """What an auditor's profile and an analyst's have in common: enough to read logs."""

    league: ShownText = Field(description="the league's name, as the roster has it")
    city: Label = Field(description="the city that vouches for the reader")
    tls_cert: FilePath = Field(description="the certificate that the reader shows to the log services, PEM")
    tls_key: FilePath = Field(description="its private key, PEM, mode 0600")


def load_profile(path: Path) -> Profile:
    """Read the file. Raises ConfigError that names the file, the field, the rule and the remedy."""
    document = read_toml(path, hint="set HANSA_PROFILE to your profile")
    if not document.keys() & {"credential", "query_key"} and "tls_key" in document:
        raise ConfigError(f"{path}: is an auditor's profile, and auditors cannot ask; use an analyst's")
    return section_of(document, Profile, path)
