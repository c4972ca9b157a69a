"""Belongings of each holder of a new league: a city, its analyst, its auditor, a coordinator."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.contract.ids import ContractId
from hansa_core.league.credential import Credential, credential_payload
from hansa_core.league.roster import CoordinatorEntry, Member
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_league.founding.addresses import Address
from hansa_league.keys.certificates import Authority, IssuedCertificate, Validity
from hansa_league.keys.signing_key import SigningKey
from hansa_wire.rpc.tls import spki_of


class CityHolder:
    """A new city with its keys, its first analyst and its auditor with theirs; no key serves two roles."""

    def __init__(self, city: str, validity: Validity, *, host: str | None = None) -> None:
        """`host`: where the node listens; None where it only dials out."""
        authority = Authority(city, validity)
        self.city = city
        self.server_name = f"node.{city}"
        self.authority = authority.identity
        self.tls = authority.issue_node(self.server_name, host=host)
        self.governance_key = SigningKey()
        self.answer_key = SigningKey()
        self.credential_key = SigningKey()
        self.log_key = SigningKey()
        self.witness_key = SigningKey()
        self.analyst_tls = authority.issue_analyst()
        self.query_key = SigningKey()
        self.auditor_tls = authority.issue_auditor()
        self._validity = validity

    def member(self, *, at: Address | None, contracts: tuple[ContractId, ...]) -> Member:
        """The city's entry in the roster; without an address it only dials out."""
        return Member(
            city=self.city,
            host=None if at is None else at.host,
            port=None if at is None else at.port,
            log_port=None if at is None else at.log_port,
            origin=None if at is None else at.origin,
            server_name=self.server_name,
            ca_pem=self.authority.cert_pem,
            tls_spki=spki_of(self.tls.cert_pem),
            answer_key=self.answer_key.public_key,
            credential_key=self.credential_key.public_key,
            log_key=self.log_key.public_key,
            witness_key=self.witness_key.public_key,
            contracts=contracts,
        )

    def credential(self) -> Envelope:
        """The city's signed word on its analyst, for every purpose that league and policies allow."""
        credential = Credential(
            subject=f"analyst.{self.city}",
            organisation=self.city,
            city=self.city,
            key=self.query_key.public_key,
            not_before=self._validity.not_before,
            not_after=self._validity.not_after,
        )
        return sign(payload_types.CREDENTIAL, credential_payload(credential), self.credential_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorHolder:
    """A new coordinator, with an authority of its own: no city vouches for it."""

    name: str
    authority: IssuedCertificate
    tls: IssuedCertificate

    @classmethod
    def new(cls, name: str, validity: Validity, *, host: str | None = None) -> CoordinatorHolder:
        authority = Authority(name, validity)
        return cls(name=name, authority=authority.identity, tls=authority.issue_coordinator(name, host=host))

    def entry(self, *, host: str, port: int) -> CoordinatorEntry:
        """The coordinator's entry in the roster."""
        return CoordinatorEntry(
            name=self.name,
            host=host,
            port=port,
            server_name=self.name,
            ca_pem=self.authority.cert_pem,
            tls_spki=spki_of(self.tls.cert_pem),
        )
