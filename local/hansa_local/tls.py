"""TLS contexts for HTTPS between cities, which verify the same certificates on every version of Python."""

from __future__ import annotations

import ssl

# Python 3.13 turned VERIFY_X509_STRICT on by default, and a city's own authority may leave out what only that asks for
# (key identifiers, key usage). gRPC, which the same certificates serve, does not ask for it, and takes the anchor that
# it was given as the end of a chain, whether it is a root or not.
_VERIFY_FLAGS = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN


def client_context(authority_pem: bytes, *, minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> ssl.SSLContext:
    """For one who dials: the other side's certificate is issued by `authority_pem`, and by no other authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = minimum_version
    context.verify_flags = _VERIFY_FLAGS
    context.load_verify_locations(cadata=authority_pem.decode())
    return context


def server_context(authorities_pem: bytes) -> ssl.SSLContext:
    """For one who listens, TLS 1.2 or newer: a client may show no certificate, or one by any of these authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags = _VERIFY_FLAGS
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authorities_pem.decode())
    return context
