"""Pins: the one city that an analyst's certificate speaks for, if that very city issued it."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from hansa_core.errors import RefusedError

ANALYST_PREFIX = "analyst."
UNPINNED_PEER = "unpinned_peer"
EXPIRED_CERTIFICATE = "certificate_expired"


def analyst_city(cert_pem: bytes, authorities: Mapping[str, bytes]) -> str:
    """The city of the analyst who shows `cert_pem`. Raises RefusedError `unpinned_peer`.

    `authorities`: each city's CA certificates in PEM. TLS accepts a chain to any of them; this ties the name to the
    issuer, so that no city can vouch for another one's analysts. TLS has already checked the dates.
    """
    try:
        certificate = x509.load_pem_x509_certificate(cert_pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise _unpinned("an analyst's certificate has a readable subject alternative name") from error
    analysts = [name for name in names.get_values_for_type(x509.DNSName) if name.startswith(ANALYST_PREFIX)]
    if len(analysts) != 1:
        raise _unpinned("an analyst's certificate names exactly one analyst.<city>")
    city = analysts[0].removeprefix(ANALYST_PREFIX)
    if city not in authorities:
        raise _unpinned(f"the city that the certificate names is a member; {city!r} is none")
    if not any(is_issued_by(certificate, by) for by in x509.load_pem_x509_certificates(authorities[city])):
        raise _unpinned(f"a certificate that names an analyst of {city} is issued by {city}")
    return city


def is_issued_by(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether that very authority signed the certificate; dates and uses are TLS's to check."""
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _unpinned(rule: str) -> RefusedError:
    return RefusedError(code=UNPINNED_PEER, rule=rule, remedy="ask your city's operator for a TLS certificate")
