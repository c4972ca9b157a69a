"""Whom does a roster name: where each peer listens, if it does, and by which keys it is known?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hansa_core.query.plan import ContractId
from hansa_core.trust.keys import check_public_key, is_sha256_hex
from hansa_core.trust.names import check_distinct, check_label, check_server_name, check_shown_text
from hansa_core.trust.strict_json import JsonObject

_PEER_FIELDS = ("server_name", "ca_pem", "tls_spki")
_ADDRESS_FIELDS = ("host", "port")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How a peer's TLS is checked.

    `ca_pem`: the peer's own CA, the only root that a dialler trusts for it. `server_name`: what its certificate says.
    `tls_spki`: lower-case hex SHA-256 of the DER SubjectPublicKeyInfo of its certificate.
    """

    server_name: str
    ca_pem: bytes
    tls_spki: str

    def __post_init__(self) -> None:
        check_server_name(self.server_name, "server_name")
        if not is_sha256_hex(self.tls_spki):
            raise ValueError("tls_spki must be 64 lower-case hex digits")
        # A dialler trusts every certificate in the text, so it holds exactly one.
        if len(x509.load_pem_x509_certificates(self.ca_pem)) != 1:
            raise ValueError("ca_pem must hold one certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorEntry(Peer):
    """A coordinator of the league, and where it listens."""

    name: str
    host: str
    port: int

    def __post_init__(self) -> None:
        check_label(self.name, "coordinator")
        _check_address(self.host, self.port)
        Peer.__post_init__(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Peer):
    """A city of the league. `answer_key` and `credential_key`: raw Ed25519 public keys. `contracts`: what it serves.

    `host`, `port`: where its node listens; None both: it only dials out, and attaches to coordinators.
    """

    city: str
    host: str | None = None
    port: int | None = None
    answer_key: bytes
    credential_key: bytes
    contracts: tuple[ContractId, ...]

    def __post_init__(self) -> None:
        check_label(self.city, "city")
        if self.host is not None and self.port is not None:
            _check_address(self.host, self.port)
        elif self.host is not None or self.port is not None:
            raise ValueError("host and port come together; leave both out for a city that only dials out")
        Peer.__post_init__(self)
        check_public_key(self.answer_key, "answer_key")
        check_public_key(self.credential_key, "credential_key")
        check_distinct(self.contracts, "contracts")


def coordinator_from_json(entry: JsonObject) -> CoordinatorEntry:
    """The coordinator in a roster's JSON. Raises PeerError or ValueError."""
    entry.require(("name", *_ADDRESS_FIELDS, *_PEER_FIELDS))
    return CoordinatorEntry(
        name=entry.text("name"),
        host=entry.text("host"),
        port=entry.whole("port"),
        **_peer_from_json(entry),
    )


def member_from_json(entry: JsonObject) -> Member:
    """The member in a roster's JSON. Raises PeerError or ValueError."""
    listens = not entry.values.keys().isdisjoint(_ADDRESS_FIELDS)
    address = _ADDRESS_FIELDS if listens else ()
    entry.require(("city", *address, *_PEER_FIELDS, "answer_key", "credential_key", "contracts"))
    return Member(
        city=entry.text("city"),
        host=entry.text("host") if listens else None,
        port=entry.whole("port") if listens else None,
        **_peer_from_json(entry),
        answer_key=entry.public_key("answer_key"),
        credential_key=entry.public_key("credential_key"),
        contracts=tuple(ContractId.parse(text) for text in entry.texts("contracts")),
    )


def coordinator_to_json(entry: CoordinatorEntry) -> dict[str, Any]:
    """The coordinator as `coordinator_from_json` reads it."""
    return {"name": entry.name, "host": entry.host, "port": entry.port, **_peer_to_json(entry)}


def member_to_json(member: Member) -> dict[str, Any]:
    """The member as `member_from_json` reads it."""
    return {
        "city": member.city,
        **({} if member.host is None else {"host": member.host, "port": member.port}),
        **_peer_to_json(member),
        "answer_key": member.answer_key.hex(),
        "credential_key": member.credential_key.hex(),
        "contracts": [str(contract) for contract in member.contracts],
    }


def _peer_from_json(entry: JsonObject) -> dict[str, Any]:
    return {
        "server_name": entry.text("server_name"),
        "ca_pem": entry.text("ca_pem").encode(),
        "tls_spki": entry.text("tls_spki"),
    }


def _peer_to_json(peer: Peer) -> dict[str, Any]:
    return {"server_name": peer.server_name, "ca_pem": peer.ca_pem.decode(), "tls_spki": peer.tls_spki}


def _check_address(host: str, port: int) -> None:
    check_shown_text(host, "host")
    if any(mark.isspace() for mark in host):
        raise ValueError("host must not hold spaces")
    if not 1 <= port <= 65535:
        raise ValueError(f"port is {port}; it must be 1 to 65535")
