"""Makes a register of several logs: who takes part, and what they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hansa_audit.folder.findings import Findings
from hansa_audit.folder.log_folder import LogFolder
from hansa_audit.folder.trusted_keys import trusted_of
from hansa_audit.register.register import Register
from hansa_audit.register.registered_log import registered_log
from hansa_core.errors import ConfigError
from hansa_local.trust_anchor import TrustAnchor


def make_register(
    folders: Sequence[Path], anchor: TrustAnchor | None, *, league: str | None, url: str | None, now_unix_s: int
) -> Register:
    """Verify and read the logs. `league`: None: as the roster of the first folder names it.

    Raises ConfigError, also where two folders hold one city's log or no folder names the league, and PeerError.
    """
    if url is not None and not url.startswith(("https://", "http://")):
        raise ConfigError(f"--url {url}: is no address of pages; write https://…")
    logs = sorted((registered_log(folder, anchor) for folder in folders), key=lambda log: log.city)
    for one, other in pairwise(logs):
        if one.city == other.city:
            raise ConfigError(f"two folders hold the log of {one.city}; name each log once")
    return Register(
        league=league or _league_of(folders[0]),
        logs=tuple(log for log in logs if log.takes_part),
        left_out=tuple(log.city for log in logs if not log.takes_part),
        now_unix_s=now_unix_s,
        url="" if url is None else f"{url.rstrip('/')}/",
    )


def _league_of(folder: Path) -> str:
    rosters = trusted_of(LogFolder.existing(folder), Findings()).rosters
    if not rosters:
        raise ConfigError(f"{folder}: has no roster that names the league; give --league NAME")
    return rosters[max(rosters)].league
