"""TLS authorities and the certificates that they issue: ECDSA P-256, one authority for each city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

_BASE_USAGE = {
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "encipher_only": False,
    "decipher_only": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """From when to when a certificate holds: naive UTC."""

    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """A certificate and its private key, both in PEM."""

    cert_pem: bytes
    key_pem: bytes


class Authority:
    """A certificate authority of one holder; it issues end certificates and no further authorities."""

    def __init__(self, holder: str, validity: Validity) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._validity = validity
        self._holder = holder
        name = _name(holder, "tls authority")
        self._certificate = (
            _builder(name, self._key.public_key(), validity)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **_BASE_USAGE), critical=True
            )
            .sign(self._key, SHA256())
        )

    @property
    def identity(self) -> IssuedCertificate:
        """The authority's own certificate and key."""
        return _identity(self._certificate, self._key)

    def issue_node(self, server_name: str, *, host: str | None = None) -> IssuedCertificate:
        """The certificate of a node, which is dialled under `server_name`, or dials the coordinators to attach.

        `host`: the name or address at which it listens, so that tools which know no other name can dial it too.
        """
        return self._issue(server_name, (Usage.SERVER_AUTH, Usage.CLIENT_AUTH), host=host)

    def issue_coordinator(self, server_name: str, *, host: str | None = None) -> IssuedCertificate:
        """The certificate of a coordinator, which is dialled under `server_name` and dials the nodes."""
        return self._issue(server_name, (Usage.SERVER_AUTH, Usage.CLIENT_AUTH), host=host)

    def issue_analyst(self) -> IssuedCertificate:
        """The certificate of an analyst of the holder, who only dials: `analyst.<city>`."""
        return self._issue(f"analyst.{self._holder}", (Usage.CLIENT_AUTH,))

    def issue_auditor(self) -> IssuedCertificate:
        """The certificate of an auditor whom the holder admits to logs: `auditor.<city>`."""
        return self._issue(f"auditor.{self._holder}", (Usage.CLIENT_AUTH,))

    def _issue(
        self, dns_name: str, usages: tuple[x509.ObjectIdentifier, ...], *, host: str | None = None
    ) -> IssuedCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            _builder(_name(self._holder, dns_name.partition(".")[0]), key.public_key(), self._validity)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **_BASE_USAGE), critical=True
            )
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns_name), *_names_of(host)]), critical=False)
            .add_extension(issuer_key, critical=False)
            .sign(self._key, SHA256())
        )
        return _identity(certificate, key)


def _names_of(host: str | None) -> list[x509.GeneralName]:
    """A host as certificates name it: an address, or a name in ASCII. Any other host is dialled by no other name."""
    if host is None:
        return []
    try:
        return [x509.IPAddress(ip_address(host))]
    except ValueError:
        return [x509.DNSName(host)] if host.isascii() else []


def _builder(name: x509.Name, key: ec.EllipticCurvePublicKey, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(holder: str, role: str) -> x509.Name:
    # The holder stands in the organisation: a common name ends at 64 characters, a city and a role may pass that.
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder), x509.NameAttribute(NameOID.COMMON_NAME, role)]
    )


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> IssuedCertificate:
    return IssuedCertificate(
        cert_pem=certificate.public_bytes(Encoding.PEM),
        key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
