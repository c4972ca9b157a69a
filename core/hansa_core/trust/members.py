"""Whom does a roster name: where each peer listens, and by which keys it is known?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hansa_core.query.plan import ContractId
from hansa_core.trust.keys import check_public_key, is_sha256_hex
from hansa_core.trust.names import check_distinct, check_label, check_server_name, check_shown_text
from hansa_core.trust.strict_json import JsonObject

_ENDPOINT_FIELDS = ("host", "port", "server_name", "ca_pem", "tls_spki")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a peer listens, and how its TLS is checked.

    `ca_pem`: the peer's own CA, the only root that a dialler trusts for it. `server_name`: what its certificate says.
    `tls_spki`: lower-case hex SHA-256 of the DER SubjectPublicKeyInfo of its certificate.
    """

    host: str
    port: int
    server_name: str
    ca_pem: bytes
    tls_spki: str

    def __post_init__(self) -> None:
        check_shown_text(self.host, "host")
        if any(mark.isspace() for mark in self.host):
            raise ValueError("host must not hold spaces")
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port is {self.port}; it must be 1 to 65535")
        check_server_name(self.server_name, "server_name")
        if not is_sha256_hex(self.tls_spki):
            raise ValueError("tls_spki must be 64 lower-case hex digits")
        # A dialler trusts every certificate in the text, so it holds exactly one.
        if len(x509.load_pem_x509_certificates(self.ca_pem)) != 1:
            raise ValueError("ca_pem must hold one certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorEntry(Endpoint):
    """A coordinator of the league."""

    name: str

    def __post_init__(self) -> None:
        check_label(self.name, "coordinator")
        Endpoint.__post_init__(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Endpoint):
    """A city of the league. `answer_key` and `credential_key`: raw Ed25519 public keys. `contracts`: what it serves."""

    city: str
    answer_key: bytes
    credential_key: bytes
    contracts: tuple[ContractId, ...]

    def __post_init__(self) -> None:
        check_label(self.city, "city")
        Endpoint.__post_init__(self)
        check_public_key(self.answer_key, "answer_key")
        check_public_key(self.credential_key, "credential_key")
        check_distinct(self.contracts, "contracts")


def coordinator_from_json(entry: JsonObject) -> CoordinatorEntry:
    """The coordinator in a roster's JSON. Raises PeerError or ValueError."""
    entry.require(("name", *_ENDPOINT_FIELDS))
    return CoordinatorEntry(
        name=entry.text("name"),
        **_endpoint_from_json(entry),
    )


def member_from_json(entry: JsonObject) -> Member:
    """The member in a roster's JSON. Raises PeerError or ValueError."""
    entry.require(("city", *_ENDPOINT_FIELDS, "answer_key", "credential_key", "contracts"))
    return Member(
        city=entry.text("city"),
        **_endpoint_from_json(entry),
        answer_key=entry.public_key("answer_key"),
        credential_key=entry.public_key("credential_key"),
        contracts=tuple(ContractId.parse(text) for text in entry.texts("contracts")),
    )


def coordinator_to_json(entry: CoordinatorEntry) -> dict[str, Any]:
    """The coordinator as `coordinator_from_json` reads it."""
    return {"name": entry.name, **_endpoint_to_json(entry)}


def member_to_json(member: Member) -> dict[str, Any]:
    """The member as `member_from_json` reads it."""
    return {
        "city": member.city,
        **_endpoint_to_json(member),
        "answer_key": member.answer_key.hex(),
        "credential_key": member.credential_key.hex(),
        "contracts": [str(contract) for contract in member.contracts],
    }


def _endpoint_from_json(entry: JsonObject) -> dict[str, Any]:
    return {
        "host": entry.text("host"),
        "port": entry.whole("port"),
        "server_name": entry.text("server_name"),
        "ca_pem": entry.text("ca_pem").encode(),
        "tls_spki": entry.text("tls_spki"),
    }


def _endpoint_to_json(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "host": endpoint.host,
        "port": endpoint.port,
        "server_name": endpoint.server_name,
        "ca_pem": endpoint.ca_pem.decode(),
        "tls_spki": endpoint.tls_spki,
    }
