"""Members of a roster: the addresses and keys of cities, coordinators and mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography import x509

from hansa_core.contract.ids import ContractId
from hansa_core.documents.strict_json import JsonObject
from hansa_core.league.names import check_distinct, check_label, check_origin, check_server_name, check_shown_text
from hansa_core.signing.keys import check_public_key, is_sha256_hex, read_public_key

_PEER_FIELDS = ("server_name", "ca_pem", "tls_spki")
_ADDRESS_FIELDS = ("host", "port")
_LISTENING_FIELDS = (*_ADDRESS_FIELDS, "log_port")
_KEY_FIELDS = ("answer_key", "credential_key", "log_key", "witness_key")


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
    """A city of the league. The keys are raw Ed25519 public ones. `contracts`: what it serves.

    `host`, `port`: where its node listens, and `log_port` where its log is read and it witnesses others' logs; all
    None: it only dials out, attaches to coordinators, witnesses nobody, and its log is read at its mirrors.
    `origin`: the name of its log, which is for ever and, without its scheme, the address at which anybody can dial it
    (C2SP tlog-tiles); None: `log_origin` follows from the server's name, as in leagues that were founded before.
    """

    city: str
    host: str | None = None
    port: int | None = None
    log_port: int | None = None
    origin: str | None = None
    answer_key: bytes
    credential_key: bytes
    log_key: bytes
    witness_key: bytes
    contracts: tuple[ContractId, ...]

    def __post_init__(self) -> None:
        check_label(self.city, "city")
        if self.host is not None and self.port is not None and self.log_port is not None:
            _check_address(self.host, self.port)
            _check_port(self.log_port, "log_port")
            check_distinct((self.port, self.log_port), "port and log_port")
        elif (self.host, self.port, self.log_port) != (None, None, None):
            raise ValueError("host, port and log_port come together; leave all out for a city that only dials out")
        Peer.__post_init__(self)
        if self.origin is not None:
            check_origin(self.origin, "log_origin")
        for field, key in self.keys.items():
            check_public_key(key, field)
        check_distinct(self.contracts, "contracts")

    @property
    def keys(self) -> dict[str, bytes]:
        """Its Ed25519 keys, each by the name of its one role."""
        return {field: getattr(self, field) for field in _KEY_FIELDS}

    @property
    def log_origin(self) -> str:
        """The name of its log, and of the key that signs its checkpoints."""
        return f"{self.server_name}/log" if self.origin is None else self.origin

    @property
    def witness_name(self) -> str:
        """The name under which it cosigns the checkpoints of others."""
        return f"{self.server_name}/witness"


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
    listens = not entry.values.keys().isdisjoint(_LISTENING_FIELDS)
    address = _LISTENING_FIELDS if listens else ()
    entry.require(("city", *address, *_PEER_FIELDS, *_KEY_FIELDS, "contracts"), ("log_origin",))
    return Member(
        city=entry.text("city"),
        host=entry.text("host") if listens else None,
        port=entry.whole("port") if listens else None,
        log_port=entry.whole("log_port") if listens else None,
        origin=entry.text("log_origin") if "log_origin" in entry.values else None,
        **_peer_from_json(entry),
        answer_key=read_public_key(entry, "answer_key"),
        credential_key=read_public_key(entry, "credential_key"),
        log_key=read_public_key(entry, "log_key"),
        witness_key=read_public_key(entry, "witness_key"),
        contracts=tuple(ContractId.parse(text) for text in entry.texts("contracts")),
    )


def coordinator_to_json(entry: CoordinatorEntry) -> dict[str, Any]:
    """The coordinator as `coordinator_from_json` reads it."""
    return {"name": entry.name, "host": entry.host, "port": entry.port, **_peer_to_json(entry)}


def member_to_json(member: Member) -> dict[str, Any]:
    """The member as `member_from_json` reads it."""
    return {
        "city": member.city,
        **({} if member.host is None else {"host": member.host, "port": member.port, "log_port": member.log_port}),
        **({} if member.origin is None else {"log_origin": member.origin}),
        **_peer_to_json(member),
        **{field: key.hex() for field, key in member.keys.items()},
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
    _check_port(port, "port")


def _check_port(port: int, field: str) -> None:
    if not 1 <= port <= 65535:
        raise ValueError(f"{field} is {port}; it must be 1 to 65535")
