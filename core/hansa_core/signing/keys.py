"""Ed25519 public keys: which ones are accepted, their ids, and how they are read from documents."""

from __future__ import annotations

import hashlib
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hansa_core.documents.strict_json import JsonObject
from hansa_core.errors import PeerError

PUBLIC_KEY_BYTES = 32
_HEX_32 = re.compile(r"[0-9a-f]{64}")

# The points of order 1, 2, 4 and 8 in every encoding, sign bit cleared: under such a key one signature fits any
# message, so its holder could disown each of them. Source: libsodium, ge25519_has_small_order.
_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


def is_sha256_hex(text: str) -> bool:
    """Whether `text` is 32 bytes in lower-case hex: a key id, an SPKI pin, the hash of a file."""
    return _HEX_32.fullmatch(text) is not None


def check_public_key(raw: bytes, field: str) -> None:
    """Raise ValueError unless `raw` is an Ed25519 public key that binds its holder."""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ValueError(f"{field} has {len(raw)} bytes; an Ed25519 public key has {PUBLIC_KEY_BYTES}")
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in _SMALL_ORDER:
        raise ValueError(f"{field} is a point of small order, which signs anything; make a new key")
    Ed25519PublicKey.from_public_bytes(raw)


def public_key_id(raw: bytes) -> str:
    """The key id: lower-case hex SHA-256 of the raw 32-byte public key."""
    return hashlib.sha256(raw).hexdigest()


def public_key_from_hex(text: str, field: str) -> bytes:
    """The raw public key written as 64 lower-case hex digits. Raises ValueError."""
    if not is_sha256_hex(text):
        raise ValueError(f"{field} must be an Ed25519 public key as 64 lower-case hex digits")
    raw = bytes.fromhex(text)
    check_public_key(raw, field)
    return raw


def read_public_key(document: JsonObject, name: str) -> bytes:
    """The raw public key in the field `name`. Raises PeerError that names the field."""
    return _from_field(document, name, document.text(name))


def read_public_keys(document: JsonObject, name: str) -> tuple[bytes, ...]:
    """The raw public keys listed in the field `name`. Raises PeerError that names the field."""
    return tuple(_from_field(document, name, text) for text in document.texts(name))


def _from_field(document: JsonObject, name: str, text: str) -> bytes:
    try:
        return public_key_from_hex(text, name)
    except ValueError as error:
        raise PeerError(f"{document.where}: {error}") from error
