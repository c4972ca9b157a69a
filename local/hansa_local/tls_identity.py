"""TLS identity in two files: a certificate and its private key, checked before anybody is dialled with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from hansa_core.errors import ConfigError
from hansa_local.document_file import bounded_content
from hansa_local.key_file import read_private_file


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate of one's own, from `path`. `expires`: naive UTC. `spki`: its key, DER SubjectPublicKeyInfo."""

    path: Path
    pem: bytes
    expires: datetime
    spki: bytes

    def check_in_force(self, now: datetime, *, issuer: str) -> None:
        """Raise ConfigError where it is over at `now`, naive UTC. `issuer`: who gives out a new one."""
        if now >= self.expires:
            raise ConfigError(
                f"{self.path}: has expired, at {self.expires}Z; have {issuer} issue a new one for the same key, or set"
                f" this machine's clock, which says {now}Z"
            )


def read_certificate(path: Path, *, setting: str) -> OwnCertificate:
    """The certificate in the file that `setting` names. Raises ConfigError."""
    try:
        pem = bounded_content(path)
        certificate = x509.load_pem_x509_certificate(pem)
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); see to `{setting}`") from None
    except ValueError:
        raise ConfigError(f"{path}: is no certificate in PEM; see to `{setting}`") from None
    return OwnCertificate(
        path=path,
        pem=pem,
        expires=certificate.not_valid_after_utc.replace(tzinfo=None),
        spki=certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )


def read_key_of(certificate: OwnCertificate, path: Path, *, setting: str) -> bytes:
    """The PEM of the certificate's private key, from the file that `setting` names. Raises ConfigError."""
    pem = read_private_file(path)
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ConfigError(f"{path}: is no private key in PEM without a password; see to `{setting}`") from None
    if key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != certificate.spki:
        raise ConfigError(
            f"{path}: is not the key of {certificate.path}; install the two that were made together, see to `{setting}`"
        )
    return pem
