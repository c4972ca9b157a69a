"""Expiry warnings: a daemon says 30, 14, 7 and 1 days before what it relies on expires, and when it has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from hansa_core.league.roster import Roster

log = logging.getLogger(__name__)

WARNED_DAYS = (30, 14, 7, 1)
_LOOK_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Something that holds until `expires` (naive UTC). `remedy`: who has to replace what."""

    what: str
    expires: datetime
    remedy: str


class ExpiryWatch:
    """Which warnings are due; each is given once."""

    def __init__(self) -> None:
        self._told: dict[Expiring, int] = {}

    def due(self, expiring: Sequence[Expiring], now: datetime) -> Iterator[tuple[Expiring, int]]:
        """What has come nearer to its end since it was last asked, and within how many days it ends; 0: it has."""
        for each in expiring:
            steps = (days for days in (*WARNED_DAYS, 0) if each.expires - now <= timedelta(days=days))
            reached = min(steps, default=None)
            if reached is not None and reached < self._told.get(each, reached + 1):
                self._told[each] = reached
                yield each, reached


async def warn_of_expiry(expiring: Callable[[], Sequence[Expiring]], clock: Callable[[], datetime]) -> None:
    """Log what is due, at once and every hour, until cancelled.

    `expiring`: what the daemon relies on now; a roster may be replaced while it runs. `clock`: naive UTC.
    """
    watch = ExpiryWatch()
    while True:
        for each, days in watch.due(expiring(), clock()):
            fields = {"what": each.what, "expires": f"{each.expires}Z", "remedy": each.remedy}
            if days:
                log.warning("expires soon", extra={**fields, "within_days": days})
            else:
                log.error("has expired", extra=fields)
        await asyncio.sleep(_LOOK_EVERY_S)


def certificate_of_service(certificate_pem: bytes, *, service: str) -> Expiring:
    """The certificate that a service shows. Raises ValueError if it does not parse."""
    return Expiring(
        what=f"the TLS certificate of {service}",
        expires=expiry_of(certificate_pem),
        remedy=f"the operator of {service} installs a new one from the same CA, with the same key, and starts it again",
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
