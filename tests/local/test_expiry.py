"""A daemon says in time what is going to expire, each thing once a step, and who has to replace it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hansa_core.league.credential import credential_from_envelope
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_league.files.league_layout import LeagueLayout
from hansa_local.clock import utc_now
from hansa_local.expiry import (
    Expiring,
    ExpiryWatch,
    certificate_of_person,
    certificate_of_service,
    expiry_of,
    of_credential,
    of_roster,
)
from hansa_new_league import CITIES, new_league
from hansa_test_tls import TestAuthority

END = datetime(2027, 1, 31, 12)
ROSTER = Expiring(what="the roster", expires=END, remedy="the governors sign a new one")


class Hands:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = END - timedelta(days=90)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands(caplog: pytest.LogCaptureFixture) -> Hands:
    caplog.set_level(logging.INFO)
    return Hands()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """What was logged: of which thing, and within how many days it ends; 0: it has."""
    return [(record.__dict__["what"], record.__dict__.get("within_days", 0)) for record in caplog.records]


def steps(caplog: pytest.LogCaptureFixture, hands: Hands, *days_before: float) -> list[int]:
    watch = ExpiryWatch(hands)
    for days in days_before:
        hands.now = END - timedelta(days=days)
        watch.met(ROSTER)
    return [step for _, step in told(caplog)]


def test_each_step_is_told_once_however_often_it_is_met(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    days = (40, 31, 30, 29, 15, 14, 13, 7, 1.5, 1, 0.5, 0, -1)
    assert steps(caplog, hands, *days) == [30, 14, 7, 1, 0]


def test_a_start_close_to_the_end_tells_only_how_close_it_is(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    assert steps(caplog, hands, 5, 5, 0.2) == [7, 1]


def test_what_has_expired_is_told_once(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    assert steps(caplog, hands, -3, -4) == [0]


def test_a_thing_and_its_successor_are_two(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    watch, hands.now = ExpiryWatch(hands), END - timedelta(days=10)
    for each in (ROSTER, replace(ROSTER, expires=END + timedelta(days=1)), ROSTER):
        watch.met(each)
    assert [step for _, step in told(caplog)] == [14, 14]


def test_what_is_told_is_not_remembered_without_bounds(hands: Hands) -> None:
    watch, hands.now = ExpiryWatch(hands), END
    for number in range(5000):
        watch.met(replace(ROSTER, what=str(number)))
    assert len(watch._told) == 4096


def test_all_that_a_league_rests_on_is_watched(tmp_path: Path) -> None:
    directory, roster = new_league(tmp_path)
    watched = of_roster(roster)
    assert [each.what for each in watched] == [
        "the roster of hanse, version 1",
        *(f"the CA certificate of {city}" for city in (*CITIES, "coordinator")),
    ]
    own_pem = (directory / "coordinator" / "tls.pem").read_bytes()
    own = certificate_of_service(expiry_of(own_pem), service="coordinator")
    assert {each.expires for each in (own, *watched)} == {roster.expires}
    assert all(each.remedy for each in (own, *watched))


def test_of_people_only_the_city_and_a_key_are_named(tmp_path: Path) -> None:
    directory, roster = new_league(tmp_path)
    document = (LeagueLayout(directory).analyst(CITIES[0]) / "credential.json").read_bytes()
    credential = credential_from_envelope(envelope_from_json(document), roster, utc_now())
    met = of_credential(credential)
    assert met.expires == credential.not_after
    assert met.what == f"the credential of an analyst of {CITIES[0]}, key {credential.key_id[:16]}"
    person = certificate_of_person(END, role="auditor", city=CITIES[0], pin="ab" * 32)
    assert person.what == f"the TLS certificate of an auditor of {CITIES[0]}, key abababababababab"
    assert credential.subject not in f"{met}{person}"
    assert all(CITIES[0] in each.remedy for each in (met, person))


def test_of_several_certificates_the_first_to_expire_counts() -> None:
    authority = TestAuthority("luebeck")
    soon, late = (authority.issue("node", valid_for=timedelta(days=days)).cert_pem for days in (3, 90))
    assert expiry_of(late + soon) == expiry_of(soon) < expiry_of(late)


def test_what_is_due_is_logged_with_its_remedy(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    shown = Expiring(what="a peer's", expires=END - timedelta(days=20), remedy="the peer installs a new one")

    async def of_peers() -> Sequence[Expiring]:
        return [shown]

    async def look(now: datetime) -> None:
        hands.now = now
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ExpiryWatch(hands).look(lambda: [ROSTER], of_peers)

    asyncio.run(look(END - timedelta(days=10)))
    soon, over = (record.__dict__ for record in caplog.records)
    assert (soon["levelname"], soon["message"], soon["within_days"]) == ("WARNING", "expires soon", 14)
    assert soon["remedy"] == ROSTER.remedy
    assert (over["levelname"], over["message"], over["remedy"]) == ("ERROR", "has expired", shown.remedy)


def test_the_moment_that_something_expires_is_not_slept_over(caplog: pytest.LogCaptureFixture, hands: Hands) -> None:
    hands.now = END - timedelta(seconds=1)

    async def nobody() -> Sequence[Expiring]:
        return []

    async def look() -> None:
        looking = asyncio.create_task(ExpiryWatch(hands).look(lambda: [ROSTER], nobody))
        while not told(caplog):
            await asyncio.sleep(0.01)
        hands.now = END
        async with asyncio.timeout(30):
            while len(told(caplog)) < 2:
                await asyncio.sleep(0.01)
        looking.cancel()

    asyncio.run(look())
    assert told(caplog) == [("the roster", 1), ("the roster", 0)]
