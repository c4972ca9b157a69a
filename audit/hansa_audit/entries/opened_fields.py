"""Opened fields of entries on the auditor's disk, each held against what its entry committed to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from hansa_audit.folder.log_folder import OPENINGS, LogFolder
from hansa_core.errors import PeerError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.opening import Disclosure, check_disclosure, decode_disclosure
from hansa_core.plan.query import Query
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_wire.codec.query_codec import decode_query

MAX_OPENING_BYTES = 1_000_000


def opening_name(index: int, field: str) -> str:
    """Where an opened field lies."""
    return f"{OPENINGS}/{index}.{field}.json"


def disclosures_of(folder: LogFolder, index: int, entry: Entry) -> Iterator[Disclosure]:
    """What was fetched of an entry's opening. Raises PeerError where it is not what the entry committed to."""
    digests = entry.body.commitments
    for field in digests:
        name = opening_name(index, field)
        if folder.has(name):
            disclosure = read_disclosure(folder.read(name, MAX_OPENING_BYTES), field)
            check_disclosure(disclosure, digests)
            yield disclosure


def read_disclosure(content: bytes, field: str) -> Disclosure:
    """The field's disclosure. Raises PeerError where it is of another one."""
    disclosure = decode_disclosure(content)
    if disclosure.field != field:
        raise PeerError(f"shows another field than {field}")
    return disclosure


def asked_query(disclosure: Disclosure, query_hash: str) -> Query:
    """The question in an opened field `query`. Raises PeerError or RefusedError unless it is the one of that hash."""
    if not isinstance(disclosure.value, str):
        raise PeerError("the opened query is not the text of an envelope")
    payload = envelope_from_json(disclosure.value.encode()).payload
    if hashlib.sha256(payload).hexdigest() != query_hash:
        raise PeerError("the opened query is another one than the entry's query_hash names")
    return decode_query(payload)
