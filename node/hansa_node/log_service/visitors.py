"""Visitors of the log service: role and city, by the client certificate that they show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hansa_core.league.roster import Roster
from hansa_wire.rpc.pins import is_issued_by
from hansa_wire.rpc.tls import spki_of


class VisitorRole(StrEnum):
    """What a member's certificate is for."""

    NODE = "node"
    ANALYST = "analyst"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody whom a member city vouches for."""

    role: VisitorRole
    city: str


class Visitors:
    """Tells visitors by the certificate that they show. TLS has checked its dates, and that some member issued it."""

    def __init__(self, roster: Roster) -> None:
        self._authorities = {member.city: x509.load_pem_x509_certificate(member.ca_pem) for member in roster.members}
        self._pins = {member.tls_spki: member.city for member in roster.members}
        self._told = lru_cache(maxsize=1024)(self._tell)  # asked for each request, of a handful of visitors

    def of(self, certificate_der: bytes | None) -> Visitor | None:
        """Who shows the certificate; None where no city vouches for them: to TLS all members' authorities are alike."""
        return None if certificate_der is None else self._told(certificate_der)

    def _tell(self, certificate_der: bytes) -> Visitor | None:
        try:
            certificate = x509.load_der_x509_certificate(certificate_der)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, x509.ExtensionNotFound):
            return None
        pinned = self._pins.get(spki_of(certificate.public_bytes(Encoding.PEM)))
        if pinned is not None:
            return Visitor(role=VisitorRole.NODE, city=pinned) if self._issued(certificate, pinned) else None
        dns_names = names.get_values_for_type(x509.DNSName)
        role, dot, city = dns_names[0].partition(".") if len(dns_names) == 1 else ("", "", "")
        if not dot or role not in (VisitorRole.ANALYST, VisitorRole.AUDITOR) or not self._issued(certificate, city):
            return None
        return Visitor(role=VisitorRole(role), city=city)

    def _issued(self, certificate: x509.Certificate, city: str) -> bool:
        """Whether that very city issued it: no city vouches for another one's people."""
        authority = self._authorities.get(city)
        return authority is not None and is_issued_by(certificate, authority)
