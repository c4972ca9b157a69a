"""Log entries to the bytes of a leaf and back; only bytes that an entry would give are an entry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from hansa_core.documents.canonical_json import canonical_json, read_canonical
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body
from hansa_core.evidence.entries import BODIES
from hansa_core.evidence.kinds import City, Count, Software
from hansa_core.evidence.leaf_pattern import LeafMember, ObjectPattern, UnreadError, members_of, put_values
from hansa_core.evidence.record import Record
from hansa_core.evidence.schema import LOG_SCHEMA

MAX_ENTRY_BYTES = 65_535  # tlog-tiles: a bundle gives an entry's length in two bytes

_BODIES = {body.TYPE: body for body in BODIES}
# One validator for each type: an entry is held against its own branch, and an error names its field.
_VALIDATORS = {
    body.TYPE: Draft202012Validator({**LOG_SCHEMA["$defs"][body.TYPE], "$defs": LOG_SCHEMA["$defs"]}) for body in BODIES
}


# For entries as they are nearly always written: one match instead of JSON, its canonical form and the schema.
_PATTERNS: dict[str, _LeafPattern] = {}
_BEFORE_TYPE = '"type":"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Record):
    """One entry: when, by which city's node and software, and what. Raises ValueError at birth.

    `time_unix_s`: when it was received, floored to seconds and never below that of the entry before it.
    """

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
    leaf = canonical_json(
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
    quick = read_quickly(leaf)
    return read_generally(leaf) if quick is None else quick


class _LeafPattern:
    """The pattern of one type of entry. `read` gives None for what is left to the general reader."""

    def __init__(self, body: type[Body]) -> None:
        fixed = [
            LeafMember("type", f'"{re.escape(body.TYPE)}"', is_fixed=True),
            LeafMember("v", f"(?:{'|'.join(map(str, body.VERSIONS))})", is_fixed=True),
        ]
        pattern = ObjectPattern([*members_of(Entry, without=("body",)), *fixed, *members_of(body)])
        self._match = pattern.match
        self._body = body
        self._body_plan, self._head_plan = pattern.plan(body), pattern.plan(Entry)

    def read(self, text: str) -> Entry | None:
        match = self._match(text)
        if match is None:
            return None
        groups = match.groups()
        said, entry = self._body.__new__(self._body), Entry.__new__(Entry)
        try:
            put_values(said, self._body_plan, groups)
            said.check_together()
            if not text.endswith(f'"v":{said.version}}}'):
                return None
            put_values(entry, self._head_plan, groups)
        except (UnreadError, ValueError):
            return None
        object.__setattr__(entry, "body", said)
        return entry


def read_quickly(leaf: bytes) -> Entry | None:
    """The entry, if the pattern of its type matches; None leaves the leaf to the general reader."""
    try:
        text = leaf.decode()
    except UnicodeDecodeError:
        return None
    start = text.rfind(_BEFORE_TYPE) + len(_BEFORE_TYPE)
    kind = text[start : text.find('"', start)]
    pattern = _PATTERNS.get(kind)
    if pattern is None and kind in _BODIES:
        pattern = _PATTERNS[kind] = _LeafPattern(_BODIES[kind])
    return None if pattern is None else pattern.read(text)


def read_generally(leaf: bytes) -> Entry:
    """The entry, by JSON, its canonical form and the schema. Raises PeerError."""
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
