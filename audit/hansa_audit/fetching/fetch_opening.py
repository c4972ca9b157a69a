"""Fetches one field of an opening, and keeps it if it is what the entry committed to."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.errors import TrustError
from hansa_audit.entries.opened_fields import MAX_OPENING_BYTES, opening_name, read_disclosure
from hansa_audit.fetching.places import Wanted
from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.opening import Disclosure, check_disclosure


def fetch_opening(wanted: Wanted, log: HeldLog, index: int, field: str) -> tuple[str, Disclosure]:
    """The file that was written, and the field. The city writes into its log that it was read.

    Raises ConfigError where there is nothing to ask for, TrustError where the city shows something else.
    """
    if log.checkpoint.origin != wanted.member.log_origin:
        raise ConfigError(
            f"{log.folder.root}: holds the log {log.checkpoint.origin}, not {wanted.member.log_origin}; name its folder"
        )
    if wanted.is_named_mirror:
        raise ConfigError(f"a mirror holds no openings; name {wanted.member.city} itself")
    if wanted.own is None:
        raise ConfigError(f"{wanted.member.city} listens nowhere; ask its operator for the opening")
    digests: Mapping[str, str] = getattr(decode_entry(log.leaf(index)).body, "opening", {})
    if field not in digests:
        known = ", ".join(digests) or "none"
        raise ConfigError(f"entry {index} commits to no field of that name; it has: {known}")
    content = wanted.own.get(f"opening/{index}/{field}", MAX_OPENING_BYTES)
    try:
        disclosure = read_disclosure(content, field)
        check_disclosure(disclosure, digests)
    except PeerError as broken:
        raise TrustError("opening_invalid", f"{wanted.own.name}: entry {index}, {field}: {broken}") from None
    name = opening_name(index, field)
    log.folder.write(name, content)
    return name, disclosure
