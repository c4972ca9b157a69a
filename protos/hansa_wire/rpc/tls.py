"""Mutual TLS: one root and one name for the peer that is dialled, a required certificate from the peer that dials."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hansa_core.errors import PeerError
from hansa_wire.rpc.options import BLOCKING_CHANNEL_OPTIONS, CHANNEL_OPTIONS, Options


def dial_aio(
    host: str, port: int, *, ca_pem: bytes, server_name: str, cert_pem: bytes, key_pem: bytes
) -> grpc.aio.Channel:
    """A channel for asyncio. Nobody but a holder of a certificate for `server_name` from `ca_pem` can answer on it."""
    credentials = grpc.ssl_channel_credentials(ca_pem, key_pem, cert_pem)
    return grpc.aio.secure_channel(_target(host, port), credentials, options=_named(CHANNEL_OPTIONS, server_name))


def dial_sync(
    host: str, port: int, *, ca_pem: bytes, server_name: str, cert_pem: bytes, key_pem: bytes
) -> grpc.Channel:
    """The same channel for blocking calls."""
    credentials = grpc.ssl_channel_credentials(ca_pem, key_pem, cert_pem)
    return grpc.secure_channel(_target(host, port), credentials, options=_named(BLOCKING_CHANNEL_OPTIONS, server_name))


def server_credentials(cert_pem: bytes, key_pem: bytes, client_ca_pems: Sequence[bytes]) -> grpc.ServerCredentials:
    """Credentials that let in only peers with a certificate from one of `client_ca_pems`.

    Which of them may do what is decided for each call, by pin or issuer: here they all vouch alike.
    Raises ValueError without any client authority: such a server would let in nobody.
    """
    roots = _roots(client_ca_pems)
    return grpc.ssl_server_credentials([(key_pem, cert_pem)], root_certificates=roots, require_client_auth=True)


class FollowingCredentials:
    """Credentials of one server whose client authorities may change while it runs; otherwise as `server_credentials`.

    Open connections stay when they change, so each call is judged anyway.
    """

    def __init__(self, cert_pem: bytes, key_pem: bytes, client_ca_pems: Sequence[bytes]) -> None:
        self._identity = (key_pem, cert_pem)
        self._configuration = self._in_force = self._of(client_ca_pems)
        self.credentials = grpc.dynamic_ssl_server_credentials(
            self._configuration,
            self._changed,  # type: ignore[arg-type]  # the stubs do not know of None: no change
            require_client_authentication=True,
        )

    def follow(self, client_ca_pems: Sequence[bytes]) -> None:
        """Let in peers with a certificate from one of these, from the next connection on. Raises ValueError on none."""
        self._configuration = self._of(client_ca_pems)

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration, if gRPC does not have it yet. It asks at each connection, from threads of its own.

        What it is given, it puts in the place of what a handshake beside this one may be reading: given anew at each
        connection, a few hundred strangers at once ended the process. It also parses every authority again each time.
        """
        newest = self._configuration
        if newest is self._in_force:
            return None
        self._in_force = newest
        return newest

    def _of(self, client_ca_pems: Sequence[bytes]) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([self._identity], root_certificates=_roots(client_ca_pems))


@lru_cache(maxsize=4096)  # asked for each call, of a handful of peers
def spki_of(cert_pem: bytes) -> str:
    """The pin of a certificate: lower-case hex SHA-256 of its DER SubjectPublicKeyInfo. Raises PeerError."""
    try:
        key = x509.load_pem_x509_certificate(cert_pem).public_key()
    except ValueError as error:
        raise PeerError("the peer's certificate does not parse") from error
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@lru_cache(maxsize=4096)
def expiry_of(cert_pem: bytes) -> datetime:
    """When the certificate expires, naive UTC. Raises PeerError."""
    try:
        return x509.load_pem_x509_certificate(cert_pem).not_valid_after_utc.replace(tzinfo=None)
    except ValueError as error:
        raise PeerError("the peer's certificate does not parse") from error


def peer_certificate(context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    """The PEM certificate of the peer that calls. Raises PeerError on a connection without one."""
    for certificate in context.auth_context().get("x509_pem_cert", ()):
        return certificate
    raise PeerError("the peer showed no certificate")


def _roots(client_ca_pems: Sequence[bytes]) -> bytes:
    if not client_ca_pems:
        raise ValueError("client_ca_pems is empty; a server needs the authority of each peer that may call")
    return b"\n".join(client_ca_pems)


def _target(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _named(options: Options, server_name: str) -> Options:
    # The name to demand comes from the roster and need not resolve; the address says only where to knock.
    return (*options, ("grpc.ssl_target_name_override", server_name))
