"""Reading an analyst's profile: the session with its league, and where its coordinator is."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hansa.asking.session import AnalystSession
from hansa.errors import ConfigError, TrustError
from hansa.evidence.evidence import LeagueDocuments
from hansa_core.contract.ids import ContractId
from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.credential import credential_from_envelope
from hansa_core.league.roster import Roster
from hansa_core.signing.dsse import Envelope
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_local.clock import utc_now
from hansa_local.contract_files import contracts_in, read_contract_documents
from hansa_local.document_file import bounded_content
from hansa_local.key_file import read_signer
from hansa_local.profile import PROFILE_VARIABLE, Profile, load_profile
from hansa_local.tls_identity import read_certificate, read_key_of
from hansa_local.trust_anchor import UntrustedRosterError, load_signed_roster


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorAddress:
    """Where the coordinator is, and the certificate to show there; its fields are the arguments of a dial."""

    host: str
    port: int
    ca_pem: bytes
    server_name: str
    cert_pem: bytes
    key_pem: bytes


def open_session(profile: str | os.PathLike[str] | None) -> tuple[AnalystSession, CoordinatorAddress]:
    """The session of the profile given, or of the one that $HANSA_PROFILE names; nothing is dialled.

    Raises ConfigError if a file of the analyst's is wrong, TrustError if roster or contracts are not what the governors
    signed.
    """
    path = profile if profile is not None else os.environ.get(PROFILE_VARIABLE)
    if not path:
        raise ConfigError(f"profile is missing; give --profile FILE, or set {PROFILE_VARIABLE} to your profile")
    settings = load_profile(Path(path))
    roster, roster_document = _roster(settings)
    contracts = _contracts(settings, roster)
    signer = read_signer(settings.query_key)
    try:
        entry = roster.coordinator(settings.coordinator)
    except RefusedError as unknown:
        raise ConfigError(f"{path}: coordinator: {unknown.rule}; {unknown.remedy}") from None
    certificate = read_certificate(settings.tls_cert, setting="tls_cert")
    certificate.check_in_force(utc_now(), issuer="your city")
    address = CoordinatorAddress(
        host=entry.host,
        port=entry.port,
        ca_pem=entry.ca_pem,
        server_name=entry.server_name,
        cert_pem=certificate.pem,
        key_pem=read_key_of(certificate, settings.tls_key, setting="tls_key"),
    )
    session = AnalystSession(
        roster=roster,
        contracts=contracts_in(contracts, settings.contracts),
        league_documents=LeagueDocuments(roster=roster_document, contracts=contracts),
        credential=_credential(settings, roster, signer.keyid),
        signer=signer,
        purpose=settings.purpose,
        now=utc_now,
        draw=secrets.token_bytes,
    )
    return session, address


def _roster(settings: Profile) -> tuple[Roster, bytes]:
    try:
        roster, document = load_signed_roster(settings, utc_now())
    except UntrustedRosterError as broken:
        raise TrustError("roster_invalid", str(broken)) from broken
    if roster.league != settings.league:
        raise ConfigError(f"league: the profile is for {settings.league}, its roster is of {roster.league}")
    return roster, document


def _contracts(settings: Profile, roster: Roster) -> Mapping[ContractId, bytes]:
    try:
        return read_contract_documents(settings.contracts, roster)
    except PeerError as broken:
        raise TrustError("contract_invalid", str(broken)) from broken


def _credential(settings: Profile, roster: Roster, key_id: str) -> Envelope:
    """The credential, checked here so that a stale one is named before anything is sent."""
    try:
        envelope = envelope_from_json(_read(settings.credential))
        credential = credential_from_envelope(envelope, roster, utc_now())
    except (PeerError, RefusedError) as broken:
        raise ConfigError(f"{settings.credential}: {broken}") from None
    if credential.key_id != key_id:
        raise ConfigError(f"{settings.query_key}: is not the key that the credential names; use the key beside it")
    return envelope


def _read(path: Path) -> bytes:
    try:
        return bounded_content(path)
    except OSError as broken:
        raise ConfigError(f"{path}: cannot be read ({broken.strerror}); correct the path in the profile") from None
