"""Expiry warnings: a daemon says 30, 14, 7 and 1 days before what it relies on or meets expires, and when it has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from cryptography import x509

from hansa_core.league.credential import Credential
from hansa_core.league.roster import Roster

log = logging.getLogger(__name__)

WARNED_DAYS = (30, 14, 7, 1)
_STEPS = tuple(timedelta(days=days) for days in (*WARNED_DAYS, 0))
_LOOK_EVERY_S = 3600.0
_MOST_TOLD = 4096  # of the analysts' things that were met; the oldest may be told once more


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Something that holds until `expires` (naive UTC). `remedy`: who has to replace what."""

    what: str
    expires: datetime
    remedy: str


class ExpiryWatch:
    """Logs what expires, each thing once a step however often it is met. Any thread may call. `clock`: naive UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._told: dict[Expiring, int] = {}
        self._lock = Lock()

    def met(self, each: Expiring) -> None:
        """Warn if it has come nearer to its end than when it was last told, or has expired."""
        left = each.expires - self._clock()
        if left > _STEPS[0]:
            return
        days = min(step.days for step in _STEPS if left <= step)
        with self._lock:
            if days >= self._told.get(each, days + 1):
                return
            self._told[each] = days
            if len(self._told) > _MOST_TOLD:
                del self._told[next(iter(self._told))]
        fields = {"what": each.what, "expires": f"{each.expires}Z", "remedy": each.remedy}
        if days:
            log.warning("expires soon", extra={**fields, "within_days": days})
        else:
            log.error("has expired", extra=fields)

    async def look(
        self, relied_on: Callable[[], Sequence[Expiring]], shown: Callable[[], Awaitable[Sequence[Expiring]]]
    ) -> None:
        """Look at once, every hour, and when the next step is due, until cancelled.

        `relied_on`: what the daemon rests on now. `shown`: what those that it dials show now.
        """
        while True:
            found = [*relied_on(), *await shown()]
            for each in found:
                self.met(each)
            await asyncio.sleep(min(_LOOK_EVERY_S, self._next_s(found)))

    def _next_s(self, found: Iterable[Expiring]) -> float:
        """Seconds to the next step of any of these, 1 or more."""
        now = self._clock()
        left = [(each.expires - step - now).total_seconds() for each in found for step in _STEPS]
        return max(1.0, min((seconds for seconds in left if seconds > 0), default=_LOOK_EVERY_S))


def certificate_of_service(expires: datetime, *, service: str) -> Expiring:
    """The certificate that a service shows."""
    return Expiring(
        what=f"the TLS certificate of {service}",
        expires=expires,
        remedy=f"the operator of {service} installs a new one from the same CA, with the same key, and starts it again",
    )


def certificate_of_person(expires: datetime, *, role: str, city: str, pin: str) -> Expiring:
    """The certificate of a city's analyst or auditor, who is named by the start of its key's pin alone."""
    return Expiring(
        what=f"the TLS certificate of an {role} of {city}, key {pin[:16]}",
        expires=expires,
        remedy=f"{city} issues a new certificate to its {role}, who puts it in the place of the old one",
    )


def of_credential(credential: Credential) -> Expiring:
    """An analyst's credential, who is named by the start of the key's id alone."""
    return Expiring(
        what=f"the credential of an analyst of {credential.city}, key {credential.key_id[:16]}",
        expires=credential.not_after,
        remedy=f"{credential.city} issues a new credential to its analyst, who puts it in the place of the old one",
    )


def of_roster(roster: Roster) -> list[Expiring]:
    """The roster, and the authority of each of its members and coordinators."""
    return [
        Expiring(
            what=f"the roster of {roster.league}, version {roster.version}",
            expires=roster.expires,
            remedy="the governors sign a new roster, and every operator and analyst installs it",
        ),
        *(
            Expiring(
                what=f"the CA certificate of {name}",
                expires=expiry_of(ca_pem),
                remedy=f"{name} makes a new CA certificate, and the governors put it into a new roster",
            )
            for name, ca_pem in (
                *((member.city, member.ca_pem) for member in roster.members),
                *((entry.name, entry.ca_pem) for entry in roster.coordinators),
            )
        ),
    ]


def expiry_of(certificate_pem: bytes) -> datetime:
    """When the first certificate to expire does, naive UTC. Raises ValueError if they do not parse."""
    certificates = x509.load_pem_x509_certificates(certificate_pem)
    return min(each.not_valid_after_utc for each in certificates).replace(tzinfo=None)
