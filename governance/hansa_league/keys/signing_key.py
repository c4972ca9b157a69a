"""A new Ed25519 key of one role: to sign with, and to keep in a file."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hansa_core.signing.dsse import Ed25519Signer


class SigningKey(Ed25519Signer):
    """A fresh key. `pem`: PKCS #8, as `hansa_local.key_file.read_signer` reads it."""

    __slots__ = ("pem",)

    def __init__(self) -> None:
        key = Ed25519PrivateKey.generate()
        self.pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        super().__init__(key.private_bytes_raw())
