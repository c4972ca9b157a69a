"""Who is let in to a log: a member's node by its pin and its own authority, people by name and authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from hansa_core.league.roster import Roster
from hansa_league.files.league_layout import LeagueLayout
from hansa_local.clock import utc_now
from hansa_local.expiry import ExpiryWatch, expiry_of
from hansa_new_league import new_league
from hansa_node.log_service.visitors import Visitor, VisitorRole, Visitors
from hansa_test_tls import TestAuthority

FIRST, SECOND = "luebeck", "bremen"


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> tuple[LeagueLayout, Roster]:
    folder, roster = new_league(tmp_path_factory.mktemp("league"))
    return LeagueLayout(folder), roster


def der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def visitors(roster: Roster) -> Visitors:
    return Visitors(roster, ExpiryWatch(utc_now), utc_now)


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def test_a_members_node_is_known_by_its_pinned_key(league: tuple[LeagueLayout, Roster]) -> None:
    layout, roster = league
    shown = der((layout.city(FIRST) / "tls.pem").read_bytes())
    assert visitors(roster).of(shown) == Visitor(role=VisitorRole.NODE, city=FIRST)


def test_no_authority_but_the_citys_own_vouches_for_its_pinned_key(league: tuple[LeagueLayout, Roster]) -> None:
    layout, roster = league
    stranger = TestAuthority(SECOND).issue(f"node.{FIRST}", key=private_key(layout.city(FIRST) / "tls.key"))
    assert visitors(roster).of(der(stranger.cert_pem)) is None


def test_an_analyst_is_known_by_the_city_that_issued_the_certificate(league: tuple[LeagueLayout, Roster]) -> None:
    layout, roster = league
    shown = der((layout.analyst(FIRST) / "tls.pem").read_bytes())
    assert visitors(roster).of(shown) == Visitor(role=VisitorRole.ANALYST, city=FIRST)


def test_a_certificate_that_expires_on_an_open_connection_makes_a_stranger_and_is_told_of(
    league: tuple[LeagueLayout, Roster], caplog: pytest.LogCaptureFixture
) -> None:
    layout, roster = league
    shown = (layout.analyst(FIRST) / "tls.pem").read_bytes()
    now = expiry_of(shown) - timedelta(hours=1)

    def clock() -> datetime:
        return now

    watched = Visitors(roster, ExpiryWatch(clock), clock)
    assert watched.of(der(shown)) == Visitor(role=VisitorRole.ANALYST, city=FIRST)
    now += timedelta(hours=1)
    assert watched.of(der(shown)) is None
    assert watched.of(der(shown)) is None
    assert [(record.message, record.__dict__["what"][:43]) for record in caplog.records] == [
        (message, f"the TLS certificate of an analyst of {FIRST}"[:43]) for message in ("expires soon", "has expired")
    ]


@pytest.mark.parametrize("role", [VisitorRole.ANALYST, VisitorRole.AUDITOR])
def test_no_city_vouches_for_another_ones_people(league: tuple[LeagueLayout, Roster], role: VisitorRole) -> None:
    roster = league[1]
    authority = TestAuthority(SECOND)
    second = replace(roster.member(SECOND), ca_pem=authority.ca_pem)
    changed = replace(roster, members=tuple(second if each.city == SECOND else each for each in roster.members))
    own, others = (der(authority.issue(f"{role}.{city}").cert_pem) for city in (SECOND, FIRST))
    assert visitors(changed).of(own) == Visitor(role=role, city=SECOND)
    assert visitors(changed).of(others) is None


def test_nobody_shows_nothing(league: tuple[LeagueLayout, Roster]) -> None:
    assert visitors(league[1]).of(None) is None
    assert visitors(league[1]).of(b"no certificate") is None
