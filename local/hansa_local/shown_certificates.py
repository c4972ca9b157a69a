"""Certificates that services show: looked at from time to time, since gRPC shows a dialler no certificate."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from hansa_core.league.members import Peer
from hansa_local.expiry import Expiring, certificate_of_service

log = logging.getLogger(__name__)

_PATIENCE_S = 10.0
_AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DialledService:
    """A service that this process dials. `name`: as people call it. `ca_pem`: the authority that it has to be of.

    `tls_spki`: the pin of its key.
    """

    name: str
    host: str
    port: int
    server_name: str
    ca_pem: bytes
    tls_spki: str


def service_of(name: str, peer: Peer, host: str | None, port: int | None) -> DialledService | None:
    """The service of a peer in the roster; None where it does not listen."""
    if host is None or port is None:
        return None
    return DialledService(
        name=name, host=host, port=port, server_name=peer.server_name, ca_pem=peer.ca_pem, tls_spki=peer.tls_spki
    )


async def shown_by(services: Iterable[DialledService | None], certificate: Path, key: Path) -> list[Expiring]:
    """The certificates that the services show now, expired ones too; of one that is not reached, nothing.

    `certificate`, `key`: the own ones, since the services ask for one.
    """
    context = _context(certificate, key)
    if context is None:
        return []
    turns = asyncio.Semaphore(_AT_ONCE)
    found = await asyncio.gather(*(_shown(service, context, turns) for service in services if service))
    return [each for each in found if each is not None]


def _context(certificate: Path, key: Path) -> ssl.SSLContext | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired one has to be seen; who issued it is checked below
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except OSError as broken:  # replaced while this process runs: the next look comes
        log.warning("certificates of peers not looked at", extra={"reason": f"{certificate}: {type(broken).__name__}"})
        return None
    return context


async def _shown(service: DialledService, context: ssl.SSLContext, turns: asyncio.Semaphore) -> Expiring | None:
    try:
        async with turns, asyncio.timeout(_PATIENCE_S):
            _, writer = await asyncio.open_connection(
                service.host, service.port, ssl=context, server_hostname=service.server_name
            )
            shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.transport.abort()
    except (OSError, TimeoutError):
        return None  # whoever needs the service says that it is not reached
    return None if shown is None else _of_authority(shown, service)


def _of_authority(shown: bytes, service: DialledService) -> Expiring | None:
    """None unless the service's own authority issued what was shown: of a stranger's certificate nothing is told."""
    try:
        certificate = x509.load_der_x509_certificate(shown)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(service.ca_pem))
    except (ValueError, TypeError, InvalidSignature):
        return None
    return certificate_of_service(certificate.not_valid_after_utc.replace(tzinfo=None), service=service.name)
