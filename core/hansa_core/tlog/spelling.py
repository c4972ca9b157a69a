"""Numbers, bytes and lines of C2SP texts, each with exactly one spelling."""

from __future__ import annotations

import base64
import binascii
import re

from hansa_core.errors import PeerError

HASH_BYTES = 32
MAX_NUMBER = 2**63 - 1  # tlog-cosignature bounds its times so, and every reader of sizes holds them in 64 signed bits
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NO_LINE = re.compile(r"[\x00-\x1f\ud800-\udfff]")  # a surrogate has no UTF-8


def decimal(text: str, where: str) -> int:
    """The number, written in ASCII digits without sign or leading zeros. Raises PeerError naming `where`."""
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_NUMBER:
        raise PeerError(f"{where} must be a decimal number from 0 to 2^63 - 1 without sign or leading zeros")
    return int(text)


def base64_bytes(text: str, where: str) -> bytes:
    """The bytes behind standard, padded base64 in the one spelling that encoding them gives. Raises PeerError."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PeerError(f"{where} must be standard base64") from error
    if base64_text(value) != text:
        raise PeerError(f"{where} must be base64 in its canonical spelling")
    return value


def base64_text(value: bytes) -> str:
    """The bytes in standard base64, padded."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def base64_hash(text: str, where: str) -> bytes:
    """A SHA-256 hash in base64. Raises PeerError naming `where`."""
    value = base64_bytes(text, where)
    if len(value) != HASH_BYTES:
        raise PeerError(f"{where} has {len(value)} bytes; a SHA-256 hash has {HASH_BYTES}")
    return value


def check_hash(value: bytes, where: str) -> None:
    """Raise PeerError unless `value` has the length of a SHA-256 hash."""
    if len(value) != HASH_BYTES:
        raise PeerError(f"{where} has {len(value)} bytes; a SHA-256 hash has {HASH_BYTES}")


def check_number(value: int, where: str) -> None:
    """Raise PeerError unless `value` lies in what a decimal line can say."""
    if not 0 <= value <= MAX_NUMBER:
        raise PeerError(f"{where} is {value}; it must lie from 0 to 2^63 - 1")


def bounded_text(content: bytes, limit: int, what: str) -> str:
    """The UTF-8 text of at most `limit` bytes, with no control character but the newline. Raises PeerError."""
    if len(content) > limit:
        raise PeerError(f"{what} has {len(content)} bytes; at most {limit} are read")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PeerError(f"{what} must be UTF-8") from error
    if _CONTROL.search(text):
        raise PeerError(f"{what} must not contain a control character other than the newline")
    return text


def check_line(text: str, where: str) -> None:
    """Raise PeerError unless `text` can stand as a line: not empty, without control characters."""
    if not text or _NO_LINE.search(text):
        raise PeerError(f"{where} must be non-empty, without control characters")
