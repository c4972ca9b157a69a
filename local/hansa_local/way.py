"""The way to a service, walked hop by hop: its name, its port, TLS, the pin, and whether it takes one's certificate."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hansa_local.expiry import certificate_of_service
from hansa_local.expiry_parts import parts_of_expiry
from hansa_local.health import HealthPart, PartState
from hansa_local.shown_certificates import DialledService
from hansa_local.tls import client_context

_PATIENCE_S = 5.0
_AT_ONCE = 16
_HTTP2 = ["h2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayToService:
    """A service with what is shown to it. `speaks_first`: over HTTP/2 a server does, and shows that it let one in."""

    service: DialledService
    certificate: Path
    key: Path
    speaks_first: bool = True

    async def walk(self, now: datetime) -> AsyncIterator[HealthPart]:
        """One part for each hop, up to the first that fails. `now`: naive UTC."""
        service = self.service
        try:
            found = await asyncio.get_running_loop().getaddrinfo(service.host, service.port, type=socket.SOCK_STREAM)
        except socket.gaierror as unknown:
            yield self._failed(
                "name",
                f"{service.host} is no name that this machine knows ({unknown.strerror})",
                "see to DNS or /etc/hosts here; if the service has moved, ask for a roster with its new address",
            )
            return
        addresses = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
        yield self._passed("name", f"{service.host} is {addresses}")
        refused = await self._knock()
        if refused is not None:
            yield refused
            return
        yield self._passed("TCP", f"port {service.port} is open")
        async for part in self._greet(now):
            yield part

    async def _knock(self) -> HealthPart | None:
        at = f"{self.service.host}:{self.service.port}"
        try:
            async with asyncio.timeout(_PATIENCE_S):
                _, writer = await asyncio.open_connection(self.service.host, self.service.port)
        except TimeoutError:
            remedy = "a firewall drops it, here, there or between; its operator says whether the port is open to you"
            return self._failed("TCP", f"{at} says nothing within {_PATIENCE_S:.0f} s", remedy)
        except ConnectionRefusedError:
            remedy = f"nothing listens there: the operator of {self.service.name} starts it, or says its address"
            return self._failed("TCP", f"{at} refuses", remedy)
        except OSError as failure:
            remedy = "see to this machine's network, and to whatever stands between"
            return self._failed("TCP", f"{at} is not reached ({failure.strerror or type(failure).__name__})", remedy)
        writer.transport.abort()
        return None

    async def _greet(self, now: datetime) -> AsyncIterator[HealthPart]:
        service = self.service
        context = client_context(service.ca_pem)
        context.set_alpn_protocols(_HTTP2 if self.speaks_first else ["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as broken:
            text = f"{self.certificate} and {self.key} cannot be used ({broken.strerror or type(broken).__name__})"
            yield self._failed("TLS", text, "install the certificate and the key that were made together")
            return
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_connection(
                    service.host, service.port, ssl=context, server_hostname=service.server_name
                )
        except ssl.SSLCertVerificationError as untrusted:
            text = f"what {service.name} shows is not a certificate of {service.server_name} by its CA in the roster"
            remedy = f"the operator of {service.name} installs that one; or something else answers at its address"
            yield self._failed("TLS", f"{text} ({untrusted.verify_message})", remedy)
            return
        except (OSError, TimeoutError) as failure:
            text = f"no handshake ({_reason(failure)})"
            yield self._failed(
                "TLS", text, f"what listens there speaks no TLS, or hangs: the operator of {service.name} looks at it"
            )
            return
        try:
            shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            yield self._passed("TLS", f"{writer.get_extra_info('ssl_object').version()}, {service.server_name}")
            for part in self._judge(shown, now):
                yield part
            if self.speaks_first:
                yield await self._let_in(reader)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    def _judge(self, shown: bytes, now: datetime) -> list[HealthPart]:
        """The pin, and how long the certificate holds."""
        certificate = x509.load_der_x509_certificate(shown)
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        parts = [self._passed("pin", "its key is the one in the roster")]
        if hashlib.sha256(spki).hexdigest() != self.service.tls_spki:
            remedy = f"the operator of {self.service.name} uses its pinned key; your roster may be an old one, too"
            parts = [self._failed("pin", "its key is another one than the roster pins", remedy)]
        expires = certificate.not_valid_after_utc.replace(tzinfo=None)
        expiring = certificate_of_service(expires, service=self.service.name)
        return [*parts, *parts_of_expiry([expiring], now, expired=PartState.FAILED)]

    async def _let_in(self, reader: asyncio.StreamReader) -> HealthPart:
        """A server that turns a certificate away says so only after the handshake (TLS 1.3)."""
        mine = f"the certificate {self.certificate}"
        try:
            async with asyncio.timeout(_PATIENCE_S):
                heard = await reader.read(1)
        except (OSError, TimeoutError) as failure:
            heard, reason = b"", _reason(failure)
        else:
            reason = "it hung up"
        if heard:
            return self._passed("HTTP/2", f"it takes {mine}")
        remedy = f"{self.service.name} trusts the CAs of its own roster: that roster or {mine} is an old one"
        return self._failed("HTTP/2", f"it does not take {mine} ({reason})", remedy)

    def _passed(self, hop: str, text: str) -> HealthPart:
        return HealthPart(name=f"{self.service.name}, {hop}", state=PartState.OK, text=text)

    def _failed(self, hop: str, text: str, remedy: str) -> HealthPart:
        return HealthPart(name=f"{self.service.name}, {hop}", state=PartState.FAILED, text=text, remedy=remedy)


def _reason(failure: OSError | TimeoutError) -> str:
    if isinstance(failure, TimeoutError):
        return f"nothing within {_PATIENCE_S:.0f} s"
    if isinstance(failure, ssl.SSLError):
        return (failure.reason or type(failure).__name__).lower().replace("_", " ")
    return failure.strerror or type(failure).__name__


def walked(ways: Iterable[WayToService], now: datetime) -> list[list[HealthPart]]:
    """The hops of each way, in the order of the ways; several are walked at once. Call it outside an event loop."""
    return asyncio.run(_walk_all(ways, now))


async def _walk_all(ways: Iterable[WayToService], now: datetime) -> list[list[HealthPart]]:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def walk(way: WayToService) -> list[HealthPart]:
        async with turns:
            return [part async for part in way.walk(now)]

    return await asyncio.gather(*map(walk, ways))
