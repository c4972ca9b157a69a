"""A private Ed25519 key in a file: PEM (PKCS #8), readable by its owner only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hansa_core.errors import ConfigError
from hansa_core.signing.dsse import Ed25519Signer

_NOT_THE_OWNER = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 64 * 1024


def read_private_file(path: Path) -> bytes:
    """The content of a file that nobody but its owner may touch. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            # Asked of the open file: a path could be swapped between the two looks.
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES)
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); give the path of your key file") from None
    if mode & _NOT_THE_OWNER:
        raise ConfigError(f"{path}: is open to others (mode {stat.S_IMODE(mode):04o}); run chmod 600 on it")
    return content


def read_signer(path: Path) -> Ed25519Signer:
    """The signer of the key in the file. Raises ConfigError."""
    try:
        key = load_pem_private_key(read_private_file(path), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: is no Ed25519 key in PEM without a password; give the key that the league made")
    return Ed25519Signer(key.private_bytes_raw())
