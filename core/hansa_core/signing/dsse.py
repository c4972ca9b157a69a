"""Signed envelopes: DSSE v1 with Ed25519."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hansa_core.errors import PeerError
from hansa_core.signing.keys import is_sha256_hex, public_key_id

SIGNATURE_BYTES = 64
MAX_SIGNATURES = 1024  # bounds the work on a hostile envelope; one governance key for each of a thousand cities fits


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature. `keyid`: lower-case hex SHA-256 of the signer's raw public key. `sig`: 64 bytes."""

    keyid: str
    sig: bytes

    def __post_init__(self) -> None:
        # An envelope comes from a peer or from `sign`, so a malformed one is the peer's fault.
        if not is_sha256_hex(self.keyid):
            raise PeerError("keyid of a signature must be 64 lower-case hex digits")
        if len(self.sig) != SIGNATURE_BYTES:
            raise PeerError(f"sig has {len(self.sig)} bytes; an Ed25519 signature has {SIGNATURE_BYTES}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Signed bytes. Nothing in it is to be believed before `verify` returns the payload. Raises PeerError at birth."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.payload_type:
            raise PeerError("payload_type of an envelope must not be empty")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise PeerError(f"an envelope has {len(self.signatures)} signatures; it needs 1 to {MAX_SIGNATURES}")


class Signer(Protocol):
    """Holds one private key and signs with it."""

    @property
    def keyid(self) -> str:
        """The id of the public key."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of `message`: 64 bytes."""


class Ed25519Signer:
    """A signer over a private key in memory. `private_key_raw`: the 32-byte seed."""

    __slots__ = ("_key", "keyid", "public_key")

    def __init__(self, private_key_raw: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_key_raw)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.keyid = public_key_id(self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding, which no other pair of type and payload shares."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, *signers: Signer) -> Envelope:
    """The payload, signed as `payload_type` by each signer."""
    message = pae(payload_type, payload)
    signatures = tuple(Signature(signer.keyid, signer.sign(message)) for signer in signers)
    return Envelope(payload_type, payload, signatures)


def verify(envelope: Envelope, payload_type: str, keys: Collection[bytes], *, threshold: int = 1) -> bytes:
    """The payload, if at least `threshold` different keys of `keys` signed it as `payload_type`.

    `keys`: raw public keys. Stricter than DSSE: a signature that is foreign or does not verify refuses the whole
    envelope, so no bit of an accepted one can be changed unnoticed. One key counts once. Raises PeerError.
    """
    if threshold < 1:
        raise ValueError(f"threshold is {threshold}; below 1 nobody has to sign")
    if envelope.payload_type != payload_type:
        raise PeerError(f"the envelope is not of type {payload_type}")
    known = {public_key_id(key): key for key in keys}
    message = pae(payload_type, envelope.payload)
    signed_by = set()
    for signature in envelope.signatures:
        key = known.get(signature.keyid)
        if key is None:
            raise PeerError(f"the envelope carries a signature by an unknown key, {signature.keyid[:16]}…")
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature.sig, message)
        except InvalidSignature as error:
            raise PeerError(f"the signature by key {signature.keyid[:16]}… does not verify") from error
        signed_by.add(signature.keyid)
    if len(signed_by) < threshold:
        raise PeerError(f"{len(signed_by)} keys signed the envelope; it needs {threshold}")
    return envelope.payload
