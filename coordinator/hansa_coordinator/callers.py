"""Callers of a coordinator: those whom one roster lets ask and attach."""

from __future__ import annotations

from functools import lru_cache, partial

from hansa_core.errors import PeerError
from hansa_core.league.members import Peer
from hansa_core.league.roster import Roster
from hansa_local.clock import utc_now
from hansa_local.expiry import ExpiryWatch, certificate_of_person, certificate_of_service
from hansa_local.peer_clocks import PeerClocks
from hansa_wire.attach.messages import Attacher
from hansa_wire.rpc.guard import CallingPeer
from hansa_wire.rpc.pins import analyst_city
from hansa_wire.rpc.tls import spki_of


class Callers:
    """The callers that `roster` knows, of the coordinator `name`. `expiry` and `clocks` are told of those that come.

    `authorities`: who vouches in TLS for them, PEM; the coordinator's own is not among them.
    `attachers`: each city's node and every other coordinator, under the very pin that the roster has for it.
    """

    def __init__(self, roster: Roster, name: str, expiry: ExpiryWatch, clocks: PeerClocks) -> None:
        self._expiry = expiry
        self._clocks = clocks
        others = tuple(entry for entry in roster.coordinators if entry.name != name)
        peers: tuple[Peer, ...] = (*roster.members, *others)
        self.authorities = tuple(peer.ca_pem for peer in peers)
        self.attachers = {member.tls_spki: Attacher(name=member.city, is_city=True) for member in roster.members}
        self.attachers |= {entry.tls_spki: Attacher(name=entry.name, is_city=False) for entry in others}
        self._expires = roster.expires
        of_city = {member.city: member.ca_pem for member in roster.members}
        # One certificate comes with every call on a connection.
        self._city_of = lru_cache(maxsize=1024)(partial(analyst_city, authorities=of_city))

    def check_analyst(self, caller: CallingPeer) -> None:
        """Raises RefusedError unless it is a member's analyst's certificate, PeerError once the roster has expired."""
        self._check_in_force()
        city, pin = self._city_of(caller.certificate), spki_of(caller.certificate)
        self._expiry.met(certificate_of_person(caller.expires, role="analyst", city=city, pin=pin))

    def attacher(self, caller: CallingPeer) -> Attacher | None:
        """As whom it may attach, if at all. Raises PeerError once the roster has expired."""
        self._check_in_force()
        attacher = self.attachers.get(spki_of(caller.certificate))
        if attacher is not None:
            self._expiry.met(certificate_of_service(caller.expires, service=attacher.service))
            self._clocks.heard(attacher.service, caller.says)
        return attacher

    def turned_away_by(self, newer: Callers) -> frozenset[Attacher]:
        """Who may attach here, but under `newer` no longer under the same pin."""
        pins = self.attachers.items()
        return frozenset(attacher for pin, attacher in pins if newer.attachers.get(pin) != attacher)

    def _check_in_force(self) -> None:
        if utc_now() >= self._expires:
            raise PeerError("the coordinator's roster has expired; its operator has to fetch the newest one")
