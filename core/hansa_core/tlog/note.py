"""Signed notes: a text and the signatures under it (C2SP signed-note)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hansa_core.errors import PeerError
from hansa_core.signing.keys import check_public_key
from hansa_core.tlog.spelling import base64_bytes, base64_text, bounded_text, check_line

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
MAX_NOTE_BYTES = 1_000_000  # as Go's reader
MAX_SIGNATURES = 100
KEY_ID_BYTES = 4
ED25519_SIGNATURE_BYTES = 64
_DASH = "— "
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class NoteSigner(Protocol):
    """Holds one Ed25519 key and signs with it."""

    @property
    def public_key(self) -> bytes:
        """The raw public key: 32 bytes."""

    def sign(self, message: bytes, /) -> bytes:
        """The Ed25519 signature of `message`: 64 bytes."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name it signs as: a vkey. Raises PeerError at birth.

    `algorithm`: ED25519 for notes, COSIGNATURE_V1 for witnesses. `key`: the raw Ed25519 public key.
    """

    name: str
    algorithm: int
    key: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name, "the name of a vkey")
        if self.algorithm not in (ED25519, COSIGNATURE_V1):
            raise PeerError(f"the vkey of {self.name} has signature type {self.algorithm:#04x}; 0x01 and 0x04 are read")
        try:
            check_public_key(self.key, f"the vkey of {self.name}")
        except ValueError as error:
            raise PeerError(str(error)) from error

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key written as `<name>+<key id in hex>+<base64 of type and key>`. Raises PeerError."""
        parts = text.split("+", 2)  # a name has no plus, the base64 may
        if len(parts) != 3:
            raise PeerError("a vkey must be written <name>+<key id>+<base64 of type and key>")
        name, key_id, encoded = parts
        material = base64_bytes(encoded, f"the key of vkey {name}")
        if not material:
            raise PeerError(f"the vkey of {name} has no key")
        vkey = cls(name, material[0], material[1:])
        if _KEY_ID.fullmatch(key_id) is None:
            raise PeerError(f"the key id of vkey {name} must be 8 lower-case hex digits")
        if bytes.fromhex(key_id) != vkey.key_id:
            raise PeerError(f"the key id of vkey {name} is {key_id}, but its name and key make {vkey.key_id.hex()}")
        return vkey

    @property
    def text(self) -> str:
        """The key as `parse` reads it."""
        return f"{self.name}+{self.key_id.hex()}+{base64_text(bytes([self.algorithm]) + self.key)}"

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 over name, newline, type and key."""
        return _key_id(self.name, self.algorithm, self.key)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. `signature`: the bytes after the key id, of a length that the key's type says."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name, "the key name of a signature line")
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise PeerError(f"the signature line of {self.name} must carry a key id of 4 bytes and a signature")

    @classmethod
    def parse(cls, line: bytes) -> NoteSignature:
        """The signature written as `— <name> <base64>` and a newline. Raises PeerError."""
        signature, *more = read_signatures(line)
        if more:
            raise PeerError(f"one signature line was expected, not {1 + len(more)}")
        return signature

    @property
    def line(self) -> bytes:
        """The signature as `parse` reads it."""
        return f"{_DASH}{self.name} {base64_text(self.key_id + self.signature)}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who claims to have signed it. Nothing in it is to be believed before a check.

    `text`: UTF-8 that ends in a newline, without other control characters. Raises PeerError at birth.
    """

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        bounded_text(self.text, MAX_NOTE_BYTES, "the text of a note")
        if not self.text.endswith(b"\n"):
            raise PeerError("the text of a note must end in a newline")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise PeerError(f"a note has {len(self.signatures)} signatures; it needs 1 to {MAX_SIGNATURES}")


def read_note(content: bytes) -> Note:
    """The note as it stands, nothing verified. Raises PeerError."""
    if len(content) > MAX_NOTE_BYTES:
        raise PeerError(f"the note has {len(content)} bytes; at most {MAX_NOTE_BYTES} are read")
    text, blank, lines = content.rpartition(b"\n\n")  # the last empty line parts the text from the signatures
    if not blank:
        raise PeerError("a note needs an empty line between its text and its signatures")
    return Note(text + b"\n", read_signatures(lines))


def read_signatures(content: bytes) -> tuple[NoteSignature, ...]:
    """The signatures in one or more signature lines, nothing verified. Raises PeerError."""
    text = bounded_text(content, MAX_NOTE_BYTES, "the signatures of a note")
    if not text.endswith("\n"):
        raise PeerError("the last signature line of a note must end in a newline")
    lines = text[:-1].split("\n", MAX_SIGNATURES)
    if len(lines) > MAX_SIGNATURES:
        raise PeerError(f"a note has more than {MAX_SIGNATURES} signatures")
    return tuple(_read_line(line, f"signature line {number}") for number, line in enumerate(lines, start=1))


def write_note(note: Note) -> bytes:
    """The note as `read_note` reads it."""
    content = note.text + b"\n" + b"".join(signature.line for signature in note.signatures)
    if len(content) > MAX_NOTE_BYTES:
        raise PeerError(f"the note has {len(content)} bytes; at most {MAX_NOTE_BYTES} are read")
    return content


def sign_text(text: bytes, signer: NoteSigner, name: str) -> NoteSignature:
    """The signature of a note's text under `name`."""
    return NoteSignature(name, _key_id(name, ED25519, signer.public_key), signer.sign(text))


def check_note(note: Note, key: VerifierKey) -> None:
    """Raise PeerError unless `key`, of type ED25519, signed the note's text. Signatures of others are ignored."""
    if key.algorithm != ED25519:
        raise PeerError(f"the vkey of {key.name} has type {key.algorithm:#04x}; a note is signed with type 0x01")
    signature = signature_by(note, key)
    if signature is None:
        raise PeerError(f"the note carries no signature by {key.name}")
    verify_ed25519(key, signature, note.text)


def signature_by(note: Note, key: VerifierKey) -> bytes | None:
    """What the note carries under the key's name and id, unverified. Raises PeerError where it stands there twice."""
    found = [each.signature for each in note.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    if len(found) > 1:
        raise PeerError(f"the note carries {len(found)} signatures by {key.name}; one is allowed")
    return found[0] if found else None


def verify_ed25519(key: VerifierKey, signature: bytes, message: bytes) -> None:
    """Raise PeerError unless `signature` is the key's over `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature, message)
    except InvalidSignature as error:
        raise PeerError(f"the signature by {key.name} does not verify") from error


def check_key_name(name: str, where: str) -> None:
    """Raise PeerError unless `name` can stand in a signature line."""
    check_line(name, where)
    if "+" in name or name.split() != [name]:
        raise PeerError(f"{where} must not contain a space or a plus")


def _key_id(name: str, algorithm: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + key).digest()[:KEY_ID_BYTES]


def _read_line(line: str, where: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise PeerError(f"{where} must be an em dash, a space, a key name, a space and base64")
    value = base64_bytes(encoded, f"the base64 of {where}")
    return NoteSignature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])
