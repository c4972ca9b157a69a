"""Log entries to the bytes of a leaf and back; only bytes that an entry would give are an entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from jsonschema_rs import Draft202012Validator, ValidationError

from hansa_core.documents.canonical_json import plain_json, read_canonical
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body
from hansa_core.evidence.entries import BODIES
from hansa_core.evidence.kinds import City, Count, Software
from hansa_core.evidence.record import Record
from hansa_core.evidence.schema import LOG_SCHEMA

MAX_ENTRY_BYTES = 65_535  # tlog-tiles: a bundle gives an entry's length in two bytes

_BODIES = {body.TYPE: body for body in BODIES}
# One validator for each type: an entry is held against its own branch, and an error names its field.
_VALIDATORS = {
    body.TYPE: Draft202012Validator({**LOG_SCHEMA["$defs"][body.TYPE], "$defs": LOG_SCHEMA["$defs"]}) for body in BODIES
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Record):
    """One entry: when, by which city's node and software, and what. Raises ValueError at birth.

    `time_unix_s`: when it was received, floored to seconds and never below that of the entry before it.
    """

    FREE: ClassVar[tuple[str, ...]] = ("time_unix_s",)
    time_unix_s: Count
    node: City
    software: Software
    body: Body

    @property
    def type(self) -> str:
        """Such as `query.decision`."""
        return self.body.TYPE


def encode_entry(entry: Entry) -> bytes:
    """The leaf's bytes: RFC 8785 JSON. Raises ValueError above `MAX_ENTRY_BYTES`."""
    leaf = plain_json(
        {
            "v": entry.body.version,
            "type": entry.body.TYPE,
            "time_unix_s": entry.time_unix_s,
            "node": entry.node,
            "software": entry.software,
            **entry.body.to_json(),
        }
    )
    if len(leaf) > MAX_ENTRY_BYTES:
        raise ValueError(f"an entry of {len(leaf)} bytes; a leaf has at most {MAX_ENTRY_BYTES}")
    return leaf


def decode_entry(leaf: bytes) -> Entry:
    """The entry of which `leaf` is the one encoding. Raises PeerError for any other bytes."""
    if len(leaf) > MAX_ENTRY_BYTES:
        raise PeerError(f"an entry of {len(leaf)} bytes; a leaf has at most {MAX_ENTRY_BYTES}")
    values = read_canonical(leaf, "the entry")
    if not isinstance(values, dict):
        raise PeerError("the entry is not a JSON object")
    kind = values.get("type")
    body = _BODIES.get(kind) if isinstance(kind, str) else None
    if body is None:
        raise PeerError(f"the entry's type {repr(kind)[:80]} is unknown")
    return _read(body, values)


def _read(body: type[Body], values: dict[str, Any]) -> Entry:
    try:
        _VALIDATORS[body.TYPE].validate(values)
    except ValidationError as error:
        where = ".".join(map(str, error.instance_path)) or body.TYPE
        raise PeerError(f"the entry breaks its schema at {where}: {error.message[:200]}") from error
    return Entry(
        time_unix_s=values["time_unix_s"],
        node=values["node"],
        software=values["software"],
        body=body.from_json(values, is_valid=True),
    )
