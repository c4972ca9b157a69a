"""The sources that can show the log an auditor names, in the order in which to try them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from hansa_audit.fetching.log_source import FolderSource, HttpsSource, LogSource
from hansa_audit.folder.log_folder import CHECKPOINT
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import witnesses_of
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.note import MAX_NOTE_BYTES, read_note
from hansa_local.profile import AuditorProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`own`: the city's own service, None for one that only dials out. `mirrors`: asked where it does not answer.

    `is_named_mirror`: the auditor asked for one mirror by its address, and for nothing else.
    """

    member: Member
    own: LogSource | None
    mirrors: tuple[LogSource, ...] = ()
    is_named_mirror: bool = False

    def places(self) -> Iterator[LogSource]:
        if self.own is not None:
            yield self.own
        yield from self.mirrors


def wanted_log(node: str, profile: AuditorProfile, roster: Roster) -> Wanted:
    """What `node` means: a city, the URL of a log, or a folder. Raises ConfigError or RefusedError `unknown_city`."""
    if node.startswith("https://"):
        return _by_url(node, profile, roster)
    if node not in roster.cities and Path(node).is_dir():
        return _by_folder(Path(node), roster)
    member = roster.member(node)
    mirrors = tuple(
        _https(mirror, profile, prefix=f"/mirror/{member.city}", mirror=True)
        for mirror in witnesses_of(roster, member.city)
    )
    return Wanted(member=member, own=None if member.log_port is None else _https(member, profile), mirrors=mirrors)


def _https(member: Member, profile: AuditorProfile, *, prefix: str = "", mirror: bool = False) -> HttpsSource:
    assert member.host is not None
    assert member.log_port is not None
    return HttpsSource(
        member,
        address=(member.host, member.log_port),
        certificate=profile.tls_cert,
        key=profile.tls_key,
        prefix=prefix,
        mirror=mirror,
    )


def _by_url(url: str, profile: AuditorProfile, roster: Roster) -> Wanted:
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise ConfigError(f"{url} is no URL; write https://HOST:PORT") from None
    at = ((parts.host or "").strip("[]"), parts.port or 443)
    server = next(
        (each for each in roster.members if (each.host, each.log_port) == at or each.server_name == at[0]), None
    )
    if server is None or parts.query or parts.auth:
        raise ConfigError(f"{url} is no log service of the league; name the city, or the address that the roster has")
    prefix = (parts.path or "").rstrip("/")
    mirrored = prefix.removeprefix("/mirror/") if prefix.startswith("/mirror/") else None
    source = HttpsSource(
        server,
        address=at,
        certificate=profile.tls_cert,
        key=profile.tls_key,
        prefix=prefix,
        mirror=mirrored is not None,
    )
    if mirrored is None:
        return Wanted(member=server, own=source)
    return Wanted(member=roster.member(mirrored), own=None, mirrors=(source,), is_named_mirror=True)


def _by_folder(root: Path, roster: Roster) -> Wanted:
    source = FolderSource(root)
    try:
        origin = Checkpoint.parse(read_note(source.get(CHECKPOINT, MAX_NOTE_BYTES)).text).origin
    except PeerError as broken:
        raise ConfigError(f"{root}: its {CHECKPOINT} cannot be read: {broken}") from None
    member = next((each for each in roster.members if each.log_origin == origin), None)
    if member is None:
        raise RefusedError(
            "unknown_city", f"no city of the league keeps the log {origin}", "name another folder", "NODE"
        )
    return Wanted(member=member, own=source)
