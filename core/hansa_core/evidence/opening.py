"""Openings: the fields that an entry commits to without showing them, and the disclosure of one field.

Each field is hashed with a salt of its own, as in SD-JWT (RFC 9901): the digests stand in the leaf, values and salts in
the opening, which the node keeps until retention deletes it. A field that is shown tells nothing of its neighbours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from hansa_core.documents.canonical_json import JsonValue, check_value, plain_json, read_canonical
from hansa_core.errors import PeerError

SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One field of an opening, with the salt that keeps its digest from being guessed. Raises ValueError at birth.

    `value`: JSON without floats, with names in ASCII.
    """

    field: str
    salt: bytes
    value: JsonValue
    _written: tuple[bytes, bytes, bytes] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"the salt of {self.field} has {len(self.salt)} bytes; it needs {SALT_BYTES}")
        check_value(self.value, self.field)
        parts = (plain_json(self.field), plain_json(_base64url(self.salt)), plain_json(self.value))
        object.__setattr__(self, "_written", parts)

    @property
    def digest(self) -> str:
        """Lower-case hex SHA-256 of the RFC 8785 JSON `[salt in base64url, field, value]`: what the leaf carries."""
        field, salt, value = self._written
        return hashlib.sha256(b"[%s,%s,%s]" % (salt, field, value)).hexdigest()

    @property
    def encoded(self) -> bytes:
        """RFC 8785 JSON with `field`, `salt` and `value`."""
        return b'{"field":%s,"salt":%s,"value":%s}' % self._written


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that one entry commits to, field by field. It stays in the node."""

    disclosures: tuple[Disclosure, ...]

    def __post_init__(self) -> None:
        fields = [disclosure.field for disclosure in self.disclosures]
        if fields != sorted(set(fields)):
            raise ValueError("an opening has its fields sorted, each once")
        if len({disclosure.salt for disclosure in self.disclosures}) != len(fields):
            raise ValueError("two fields of an opening share a salt; draw a fresh one for each")

    @property
    def digests(self) -> dict[str, str]:
        """What goes into the leaf as `opening`."""
        return {disclosure.field: disclosure.digest for disclosure in self.disclosures}

    def disclosure(self, field: str) -> Disclosure | None:
        """What may be shown to somebody entitled to that field; None if there is no such field."""
        return next((each for each in self.disclosures if each.field == field), None)


def seal_opening(values: Mapping[str, JsonValue], salts: Mapping[str, bytes]) -> Opening:
    """The opening over these values. `salts`: 16 fresh random bytes for each field, used nowhere else."""
    if values.keys() != salts.keys():
        raise ValueError("an opening needs one salt for each field, and no other")
    return Opening(
        disclosures=tuple(
            Disclosure(field=field, salt=salts[field], value=value) for field, value in sorted(values.items())
        )
    )


def check_disclosure(disclosure: Disclosure, digests: Mapping[str, str]) -> None:
    """Raise PeerError unless the entry whose `opening` is `digests` committed to exactly this value of this field."""
    if disclosure.field not in digests:
        raise PeerError(f"the entry's opening has no field {disclosure.field}")
    if disclosure.digest != digests[disclosure.field]:
        raise PeerError(f"the entry's opening does not commit to this value of {disclosure.field}")


def encode_disclosure(disclosure: Disclosure) -> bytes:
    """One field as it is handed to an auditor: RFC 8785 JSON with `field`, `salt` and `value`."""
    return disclosure.encoded


def decode_disclosure(document: bytes) -> Disclosure:
    """The field of a document as `encode_disclosure` writes it, unchecked. Raises PeerError."""
    return _from_json(read_canonical(document, "the disclosure"))


def encode_opening(opening: Opening) -> bytes:
    """The whole opening, for the node's store."""
    return b"[%s]" % b",".join(disclosure.encoded for disclosure in opening.disclosures)


def decode_opening(document: bytes) -> Opening:
    """The opening as `encode_opening` wrote it. Raises PeerError."""
    values = read_canonical(document, "the opening")
    if not isinstance(values, list):
        raise PeerError("the opening is not a list of fields")
    try:
        return Opening(disclosures=tuple(map(_from_json, values)))
    except ValueError as error:
        raise PeerError(str(error)) from error


def _from_json(values: Any) -> Disclosure:
    if not isinstance(values, dict) or values.keys() != {"field", "salt", "value"}:
        raise PeerError("a disclosure has field, salt and value, and nothing else")
    field, salt = values["field"], values["salt"]
    if not isinstance(field, str) or not isinstance(salt, str):
        raise PeerError("field and salt of a disclosure must be strings")
    try:
        raw = base64.b64decode(salt + "==", altchars=b"-_", validate=True)
        if _base64url(raw) != salt:
            raise PeerError(f"the salt of {field[:80]} must be unpadded base64url")
        return Disclosure(field=field, salt=raw, value=values["value"])
    except (binascii.Error, ValueError) as error:
        raise PeerError(f"the disclosure of {field[:80]} is malformed: {error}") from error


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
