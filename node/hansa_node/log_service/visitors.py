"""Visitors of the log service: role and city, by the client certificate that they show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hansa_core.league.roster import Roster
from hansa_local.expiry import Expiring, ExpiryWatch, certificate_of_person, certificate_of_service
from hansa_node.clock import Clock
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
    """Tells visitors by the certificate that they show: TLS has checked that some member issued it.

    `expiry`: warns of one that ends soon. `clock`: naive UTC; TLS looked at the dates when the connection was made.
    """

    def __init__(self, roster: Roster, expiry: ExpiryWatch, clock: Clock) -> None:
        self._expiry = expiry
        self._clock = clock
        self._authorities = {member.city: x509.load_pem_x509_certificate(member.ca_pem) for member in roster.members}
        self._pins = {member.tls_spki: member.city for member in roster.members}
        self._told = lru_cache(maxsize=1024)(self._tell)  # asked for each request, of a handful of visitors

    def of(self, certificate_der: bytes | None) -> Visitor | None:
        """Who shows the certificate; None where no city vouches for them: to TLS all members' authorities are alike.

        One that has expired on a connection that lasts makes a stranger.
        """
        told = None if certificate_der is None else self._told(certificate_der)
        if told is None:
            return None
        visitor, certificate = told
        self._expiry.met(certificate)
        return visitor if self._clock() < certificate.expires else None

    def _tell(self, certificate_der: bytes) -> tuple[Visitor, Expiring] | None:
        try:
            certificate = x509.load_der_x509_certificate(certificate_der)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, x509.ExtensionNotFound):
            return None
        pin = spki_of(certificate.public_bytes(Encoding.PEM))
        expires = certificate.not_valid_after_utc.replace(tzinfo=None)
        pinned = self._pins.get(pin)
        if pinned is not None:
            if not self._issued(certificate, pinned):
                return None
            service = certificate_of_service(expires, service=f"the node of {pinned}")
            return Visitor(role=VisitorRole.NODE, city=pinned), service
        dns_names = names.get_values_for_type(x509.DNSName)
        role, dot, city = dns_names[0].partition(".") if len(dns_names) == 1 else ("", "", "")
        if not dot or role not in (VisitorRole.ANALYST, VisitorRole.AUDITOR) or not self._issued(certificate, city):
            return None
        person = certificate_of_person(expires, role=role, city=city, pin=pin)
        return Visitor(role=VisitorRole(role), city=city), person

    def _issued(self, certificate: x509.Certificate, city: str) -> bool:
        """Whether that very city issued it: no city vouches for another one's people."""
        authority = self._authorities.get(city)
        return authority is not None and is_issued_by(certificate, authority)
