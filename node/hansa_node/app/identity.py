"""The node's identity: its TLS certificate and its signing keys, held against the roster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hansa_core.errors import ConfigError, RefusedError
from hansa_core.league.roster import CoordinatorEntry, Member, Roster
from hansa_core.signing.dsse import Ed25519Signer
from hansa_local.key_file import read_signer
from hansa_local.tls_identity import OwnCertificate, read_certificate, read_key_of
from hansa_node.app.config import NodeConfig
from hansa_wire.rpc.tls import spki_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the node shows and signs with. `tls_key`: PEM."""

    certificate: OwnCertificate
    tls_key: bytes
    answer_signer: Ed25519Signer
    log_signer: Ed25519Signer
    witness_signer: Ed25519Signer

    @property
    def tls_certificate(self) -> bytes:
        """In PEM."""
        return self.certificate.pem


def member_of(roster: Roster, config: NodeConfig) -> Member:
    """This city's entry in the roster. Raises ConfigError."""
    try:
        return roster.member(config.city)
    except RefusedError as missing:
        raise ConfigError(f"{config.roster}: city {config.city}: {missing.rule}; {missing.remedy}") from None


def attached_coordinators(roster: Roster, config: NodeConfig) -> tuple[CoordinatorEntry, ...]:
    """The coordinators to attach to, as the roster knows them. Raises ConfigError."""
    try:
        return tuple(roster.coordinator(name) for name in dict.fromkeys(config.attach))
    except RefusedError as missing:
        raise ConfigError(f"{config.roster}: attach: {missing.rule}; {missing.remedy}") from None


def read_identity(config: NodeConfig, member: Member) -> Identity:
    """The node's keys, if they are the ones that the roster pins. Raises ConfigError."""
    certificate = read_certificate(config.tls.certificate, setting="tls.certificate")
    if spki_of(certificate.pem) != member.tls_spki:
        raise ConfigError(
            f"{config.tls.certificate}: is not the certificate that the roster pins for {member.city}; install the"
            " city's own, or ask the governors to publish this one's pin"
        )
    return Identity(
        certificate=certificate,
        tls_key=read_key_of(certificate, config.tls.key, setting="tls.key"),
        answer_signer=_signer(config.keys.answer, "answer", member, member.answer_key),
        log_signer=_signer(config.keys.log, "log", member, member.log_key),
        witness_signer=_signer(config.keys.witness, "witness", member, member.witness_key),
    )


def _signer(path: Path, role: str, member: Member, published: bytes) -> Ed25519Signer:
    signer = read_signer(path)
    if signer.public_key != published:
        raise ConfigError(
            f"{path}: is not the {role} key that the roster names for {member.city}; nobody would believe what it"
            " signs: install the city's key, or ask the governors to publish this one"
        )
    return signer
