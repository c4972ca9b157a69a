"""Credentials: a city vouches for an analyst's query key, with its purposes and its period of validity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from hansa_core.documents.canonical_json import canonical_json
from hansa_core.documents.strict_json import read_object, time_text
from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.names import check_distinct, check_label, check_purpose, check_shown_text
from hansa_core.league.roster import Roster
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.keys import check_public_key, public_key_id, read_public_key

MAX_CREDENTIAL_BYTES = 16 * 1024
_FIELDS = ("subject", "organisation", "city", "key", "not_before", "not_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A city's word on one of its analysts, in force while not_before <= now < not_after (naive UTC, whole seconds).

    `key`: the analyst's raw Ed25519 query key. `purposes`: None where the city leaves them to league and policy.
    """

    subject: str
    organisation: str
    city: str
    key: bytes
    not_before: datetime
    not_after: datetime
    purposes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_shown_text(self.subject, "subject")
        check_shown_text(self.organisation, "organisation")
        check_label(self.city, "city")
        check_public_key(self.key, "key")
        for moment in (self.not_before, self.not_after):
            if moment.tzinfo is not None or moment.microsecond:
                raise ValueError("not_before and not_after must be naive UTC in whole seconds")
        if self.not_before >= self.not_after:
            raise ValueError("not_before must lie before not_after")
        if self.purposes is None:
            return
        if not self.purposes:
            raise ValueError("purposes must not be empty; leave it away for all purposes of the league")
        for purpose in self.purposes:
            check_purpose(purpose, "purposes")
        check_distinct(self.purposes, "purposes")

    @property
    def key_id(self) -> str:
        """The id of the query key."""
        return public_key_id(self.key)


def credential_from_envelope(envelope: Envelope, roster: Roster, now: datetime) -> Credential:
    """The credential, if the member city that it names signed it and it is in force at `now`.

    Raises RefusedError `not_a_member`, `credential_invalid` or `credential_expired`.
    """
    credential = signed_credential(envelope, roster)
    check_in_force(credential, now)
    return credential


def signed_credential(envelope: Envelope, roster: Roster) -> Credential:
    """The credential, in force or not, if the member city that it names signed it.

    Nothing of the payload is read before the signature holds: the key id names the city to check it against.
    Raises RefusedError `not_a_member` or `credential_invalid`.
    """
    issuer = roster.issuer(envelope.signatures[0].keyid)
    if issuer is None:
        raise RefusedError(
            "not_a_member",
            "a credential is signed with the credential key of a member city",
            "ask your city for a credential under the league's newest roster",
            "credential",
        )
    try:
        credential = _signed_by(issuer.credential_key, envelope)
    except (PeerError, ValueError) as error:
        _refuse_invalid(str(error), error)
    if credential.city != issuer.city:
        _refuse_invalid("a city vouches for its own analysts only")
    return credential


def check_in_force(credential: Credential, now: datetime) -> None:
    """Raise RefusedError `credential_expired` unless the credential is in force at `now`, naive UTC."""
    if not credential.not_before <= now < credential.not_after:
        raise RefusedError(
            "credential_expired",
            f"the credential holds from {time_text(credential.not_before)} to {time_text(credential.not_after)}",
            "ask your city for a new credential, or set your clock",
            "credential",
        )


def credential_payload(credential: Credential) -> bytes:
    """What the city signs: RFC 8785 JSON."""
    document: dict[str, Any] = {
        "subject": credential.subject,
        "organisation": credential.organisation,
        "city": credential.city,
        "key": credential.key.hex(),
        "not_before": time_text(credential.not_before),
        "not_after": time_text(credential.not_after),
    }
    if credential.purposes is not None:
        document["purposes"] = list(credential.purposes)
    return canonical_json(document)


@lru_cache(maxsize=256)  # an analyst shows one credential with every question; at most 4 MiB are kept
def _signed_by(key: bytes, envelope: Envelope) -> Credential:
    """What the key's holder signed, in force or not: it follows from the bytes alone. Raises PeerError, ValueError."""
    return _credential_from_payload(verify(envelope, payload_types.CREDENTIAL, (key,)))


def _credential_from_payload(payload: bytes) -> Credential:
    if len(payload) > MAX_CREDENTIAL_BYTES:
        raise PeerError(f"credential has {len(payload)} bytes; at most {MAX_CREDENTIAL_BYTES} are read")
    document = read_object(payload, "credential").require(_FIELDS, optional=("purposes",))
    return Credential(
        subject=document.text("subject"),
        organisation=document.text("organisation"),
        city=document.text("city"),
        key=read_public_key(document, "key"),
        not_before=document.time("not_before"),
        not_after=document.time("not_after"),
        purposes=document.texts("purposes") if "purposes" in document.values else None,
    )


def _refuse_invalid(rule: str, cause: Exception | None = None) -> NoReturn:
    raise RefusedError("credential_invalid", rule, "ask your city for a new credential", "credential") from cause
