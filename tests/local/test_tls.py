"""A city's certificates pass or fail alike on every version of Python, and as they do with gRPC."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hansa_league.keys.certificates import Authority, Validity
from hansa_local.tls import client_context, server_context

NAME = "node.bremen"
ROUNDS = 6  # more than a handshake of TLS 1.3 takes


@dataclass(frozen=True)
class Issued:
    """A certificate with no more in it than it needs: neither key identifiers nor key usage."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def issue(name: str, issuer: Issued | None) -> Issued:
    """An authority, or below one the certificate of `NAME`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
    )
    if name == NAME:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    else:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Issued(builder.sign(issuer.key if issuer else key, SHA256()), key)


def contexts(anchor: bytes, cert_pem: bytes, key_pem: bytes, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Whoever dials and whoever listens, each with that certificate."""
    pem = folder / "identity.pem"
    pem.write_bytes(cert_pem + key_pem)
    made = client_context(anchor), server_context(anchor)
    for context in made:
        context.load_cert_chain(pem)
    return made


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Raises ssl.SSLCertVerificationError where a side does not believe the other."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    dialling = client.wrap_bio(to_client, to_server, server_hostname=NAME)
    listening = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(ROUNDS):
        for side in (dialling, listening):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert listening.getpeercert(binary_form=True)
    assert dialling.getpeercert(binary_form=True)


def shake_hands_over_grpc(anchor: bytes, identity: Issued) -> None:
    """Raises grpc.FutureTimeoutError where a side does not believe the other."""
    pair = (identity.key_pem, identity.cert_pem)
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair], anchor, True))
        server.start()
        try:
            options = [("grpc.ssl_target_name_override", NAME)]
            with grpc.secure_channel(
                f"127.0.0.1:{port}", grpc.ssl_channel_credentials(anchor, *pair), options
            ) as channel:
                grpc.channel_ready_future(channel).result(timeout=30)
        finally:
            server.stop(None).wait()


def test_a_city_whose_authority_writes_no_key_identifiers_is_believed(tmp_path: Path) -> None:
    authority = issue("authority", None)
    node = issue(NAME, authority)
    made = contexts(authority.cert_pem, node.cert_pem, node.key_pem, tmp_path)
    shake_hands(*made)
    for context in made:
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_an_authority_below_a_root_is_an_anchor_as_it_is_with_grpc(tmp_path: Path) -> None:
    below = issue("city authority", issue("root", None))
    node = issue(NAME, below)
    shake_hands(*contexts(below.cert_pem, node.cert_pem, node.key_pem, tmp_path))
    shake_hands_over_grpc(below.cert_pem, node)


def test_another_authority_of_the_same_name_vouches_for_nobody(tmp_path: Path) -> None:
    authority = issue("authority", None)
    node = issue(NAME, issue("authority", None))
    client, server = contexts(authority.cert_pem, node.cert_pem, node.key_pem, tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server)


def test_the_certificates_of_a_new_league_pass_the_strictest_verification(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    authority = Authority("bremen", Validity(not_before=now - timedelta(hours=1), not_after=now + timedelta(hours=1)))
    node = authority.issue_node(NAME)
    made = contexts(authority.identity.cert_pem, node.cert_pem, node.key_pem, tmp_path)
    for context in made:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    shake_hands(*made)
