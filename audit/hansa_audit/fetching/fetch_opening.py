"""Fetches fields of openings, and keeps those that are what their entries committed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hansa.errors import TrustError
from hansa_audit.entries.counting import many
from hansa_audit.entries.opened_fields import MAX_OPENING_BYTES, opening_name, read_disclosure
from hansa_audit.fetching.log_source import LogSource, NotThereError
from hansa_audit.fetching.places import Wanted
from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.body import OPENING_FIELDS
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.opening import Disclosure, check_disclosure, decode_disclosure, encode_disclosure
from hansa_core.nearest import nearest, shown

_MAX_OPENINGS_BYTES = 64 * 1024 * 1024


def fetch_opening(wanted: Wanted, log: HeldLog, index: int, field: str) -> tuple[str, Disclosure]:
    """The file that was written, and the field. The city writes into its log that it was read.

    Raises ConfigError where there is nothing to ask for, TrustError where the city shows something else.
    """
    source = _source_of_openings(wanted, log)
    digests = decode_entry(log.leaf(index)).body.commitments
    if field not in digests:
        known = ", ".join(digests) or "none"
        raise ConfigError(f"entry {index} commits to no field of that name; it has: {known}")
    content = source.get(f"opening/{index}/{field}", MAX_OPENING_BYTES)
    try:
        disclosure = read_disclosure(content, field)
        check_disclosure(disclosure, digests)
    except PeerError as broken:
        raise TrustError("opening_invalid", f"{source.name}: entry {index}, {field}: {broken}") from None
    name = opening_name(index, field)
    log.folder.write(name, content)
    return name, disclosure


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedOpenings:
    """What one go brought: how many fields, of how many entries, in how many requests, each of which is logged.

    `withheld`: how many that entries commit to the city did not show.
    """

    fields: int
    entries: int
    requests: int
    withheld: int

    def __str__(self) -> str:
        if not self.requests:
            return "the folder has all that entries commit to"
        brought = f"{many(self.fields, 'field')} of {many(self.entries, 'entry', 'entries')}"
        asked = f"{brought}, in {many(self.requests, 'request')}"
        if not self.withheld:
            return asked
        return f"{asked}; {many(self.withheld, 'field')} not shown: the city may keep them no more"


def fetch_all_openings(wanted: Wanted, log: HeldLog, fields: Sequence[str]) -> FetchedOpenings:
    """Bring every one of these fields that the folder lacks, as far as the city still has them.

    Entries that only say that an opening was read commit to nothing, so none of them is asked for. Raises as
    `fetch_opening` does.
    """
    for field in fields:
        if field not in OPENING_FIELDS:
            raise ConfigError(f"--fields {shown(field)}: no opening has it; {nearest(field, OPENING_FIELDS)}")
    source = _source_of_openings(wanted, log)
    lacking = {index: digests for index, entry in log.entries() if (digests := _lacking(log, index, entry, fields))}
    at, brought, requests = min(lacking, default=0), set[tuple[int, str]](), 0
    while lacking and at <= max(lacking):
        try:
            content = source.get(f"openings/{at}-{max(lacking)}/{','.join(fields)}", _MAX_OPENINGS_BYTES)
        except NotThereError:
            raise ConfigError(
                f"{source.name}: shows openings one by one only; give INDEX FIELD DIR, or ask its operator to upgrade"
            ) from None
        requests += 1
        try:
            until, disclosed = _shown(content)
            if not at <= until <= max(lacking):
                raise PeerError(f"shows openings up to entry {until}, which was not asked for")
            for index, disclosure in disclosed:
                if index in lacking and disclosure.field in lacking[index]:
                    check_disclosure(disclosure, lacking[index])
                    log.folder.write(opening_name(index, disclosure.field), encode_disclosure(disclosure))
                    brought.add((index, disclosure.field))
        except PeerError as broken:
            raise TrustError("opening_invalid", f"{source.name}: {broken}") from None
        at = min((index for index in lacking if index > until), default=until + 1)
    committed = sum(map(len, lacking.values()))
    return FetchedOpenings(
        fields=len(brought),
        entries=len({index for index, _ in brought}),
        requests=requests,
        withheld=committed - len(brought),
    )


def _lacking(log: HeldLog, index: int, entry: Entry, fields: Sequence[str]) -> dict[str, str]:
    """What the entry commits to of these fields and the folder does not have."""
    digests = entry.body.commitments
    return {
        field: digest
        for field, digest in digests.items()
        if field in fields and not log.folder.has(opening_name(index, field))
    }


def _shown(content: bytes) -> tuple[int, list[tuple[int, Disclosure]]]:
    """The last entry that the city came to, and each field with its entry's number."""
    first, *lines = content.split(b"\n")
    try:
        until = int(first)
        parted = [line.partition(b" ") for line in lines if line]
        return until, [(int(index), decode_disclosure(document)) for index, _, document in parted]
    except ValueError:
        raise PeerError("what it shows is no list of openings") from None


def _source_of_openings(wanted: Wanted, log: HeldLog) -> LogSource:
    if log.checkpoint.origin != wanted.member.log_origin:
        raise ConfigError(
            f"{log.folder.root}: holds the log {log.checkpoint.origin}, not {wanted.member.log_origin}; name its folder"
        )
    if wanted.is_named_mirror:
        raise ConfigError(f"a mirror holds no openings; name {wanted.member.city} itself")
    if wanted.own is None:
        raise ConfigError(f"{wanted.member.city} listens nowhere; ask its operator for the opening")
    return wanted.own
