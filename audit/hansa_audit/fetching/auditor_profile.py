"""The auditor's profile: the league, and the certificate that cities know the auditor by."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster
from hansa_local.profile import PROFILE_VARIABLE, AuditorProfile
from hansa_local.toml_file import read_toml, section_of
from hansa_local.trust_anchor import load_signed_roster


def load_auditor(path: Path | None) -> AuditorProfile:
    """The file given, or the one that $HANSA_PROFILE names; keys that only an analyst needs are let pass.

    Raises ConfigError.
    """
    chosen = path if path is not None else os.environ.get(PROFILE_VARIABLE)
    if not chosen:
        raise ConfigError(f"profile is missing; give --profile FILE, or set {PROFILE_VARIABLE} to your profile")
    document = read_toml(Path(chosen), hint=f"set {PROFILE_VARIABLE} to your profile")
    known = {key: value for key, value in document.items() if key in AuditorProfile.model_fields}
    return section_of(known, AuditorProfile, Path(chosen))


def roster_of(profile: AuditorProfile, now: datetime) -> tuple[Roster, bytes]:
    """The league's roster in force, and its file. Raises ConfigError where it cannot be trusted."""
    roster, document = load_signed_roster(profile, now)
    if roster.league != profile.league:
        raise ConfigError(f"the profile is of the league {profile.league}, and the roster of {roster.league}")
    return roster, document
