"""One city that gives back garbage harms no other city's answer: over real mutual TLS, from the node to the analyst."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

import hansa
from hansa.answering.coverage import CityReport, Outcome
from hansa_coordinator import service
from hansa_coordinator.breaker import BreakerRule
from hansa_hostile_peer import OVERSIZE, REPLIES, hostile_server
from hansa_league.files.league_layout import LeagueLayout
from hansa_simulated_city import CITIES, SimulatedLeague
from hansa_wire.rpc.server import listen
from hansa_wire.rpc.tls import server_credentials

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
BAD = "hamburg"
GIVEN = REPLIES | {"oversize": lambda: OVERSIZE}
GOOD = [city for city in CITIES if city != BAD]


@contextmanager
def taken_over(league: SimulatedLeague, city: str, reply: bytes) -> Iterator[None]:
    """The city's node answers every call with `reply`, under the city's own certificate."""
    keys, member = LeagueLayout(league.directory).city(city), league.roster.member(city)

    async def begin() -> None:
        await league.stop_city(city)
        credentials = server_credentials(
            (keys / "tls.pem").read_bytes(), (keys / "tls.key").read_bytes(), [league.roster.coordinator().ca_pem]
        )
        server = hostile_server(reply)
        assert member.host is not None
        assert member.port is not None
        listen(server, member.host, member.port, credentials)
        await server.start()
        league.took_over(city, server)

    league.run(begin())
    try:
        yield
    finally:
        league.run(league.stop_city(city))
        league.run(league.start_city(city))


def asked(league: SimulatedLeague) -> list[CityReport]:
    with hansa.connect(league.profile) as connected:
        return list(connected.sql(COUNT, partial=True).cities)


def asked_in_asyncio(league: SimulatedLeague) -> list[CityReport]:
    async def ask() -> list[CityReport]:
        async with await hansa.connect_async(league.profile) as connected:
            return list((await connected.sql(COUNT, partial=True)).cities)

    return asyncio.run(ask())


def rehearsed(league: SimulatedLeague) -> list[CityReport]:
    with hansa.connect(league.profile) as connected:
        return [each.report for each in connected.dry_run(COUNT)]


def published(league: SimulatedLeague) -> list[CityReport]:
    with hansa.connect(league.profile) as connected:
        return [each.report for each in connected.published()]


@pytest.mark.parametrize("way", [asked, asked_in_asyncio, rehearsed, published])
@pytest.mark.parametrize("reply", ["random bytes", "nothing", "30 MB", "oversize", "another message"])
def test_a_city_that_garbles_fails_alone_with_a_reason(
    cities: SimulatedLeague,
    reply: str,
    way: Callable[[SimulatedLeague], list[CityReport]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with taken_over(cities, BAD, GIVEN[reply]()):
        reports = {report.city: report for report in until_heard(cities, way)}
    assert [reports[city].state for city in GOOD] == [Outcome.ANSWERED] * len(GOOD)
    assert reports[BAD].state is Outcome.FAILED
    assert reports[BAD].rule
    logged = [record.__dict__ for record in caplog.records if "cannot be read" in record.getMessage()]
    assert {each["city"] for each in logged} == {BAD}


def until_heard(league: SimulatedLeague, way: Callable[[SimulatedLeague], list[CityReport]]) -> list[CityReport]:
    """Asked until the coordinator has dialled the city again: until then it is unreachable."""
    for _ in range(100):
        reports = way(league)
        if all(report.state is not Outcome.UNREACHABLE for report in reports):
            break
    return reports


@pytest.mark.parametrize("reply", ["random bytes", "oversize"])
def test_a_city_that_garbles_for_long_is_left_alone_and_asked_again_once_it_is_replaced(
    cities: SimulatedLeague, reply: str
) -> None:
    def state() -> tuple[str, str]:
        (report,) = [each for each in asked(cities) if each.city == BAD]
        return report.state, report.code

    with taken_over(cities, BAD, GIVEN[reply]()):
        states = [state() for _ in range(60)]
    assert (Outcome.UNREACHABLE, "circuit_open") in states
    for _ in range(100):
        if (last := state()[0]) is Outcome.ANSWERED:
            break
    assert last is Outcome.ANSWERED


@pytest.fixture
def unforgiving(cities: SimulatedLeague, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedLeague]:
    """The league behind a coordinator whose circuits stay open for an hour."""
    hour = partial(BreakerRule, first_open_s=3600, longest_open_s=3600)
    cities.run(cities.stop_coordinator())
    with monkeypatch.context() as patched:
        patched.setattr(service, "BreakerRule", hour)
        cities.run(cities.start_coordinator())
    yield cities
    cities.run(cities.stop_coordinator())
    cities.run(cities.start_coordinator())


def test_a_city_that_is_up_again_is_asked_again_however_long_its_circuit_would_stay_open(
    unforgiving: SimulatedLeague,
) -> None:
    def state() -> tuple[str, str]:
        (report,) = [each for each in asked(unforgiving) if each.city == BAD]
        return report.state, report.code

    unforgiving.run(unforgiving.stop_city(BAD))
    try:
        states = [state() for _ in range(10)]
    finally:
        unforgiving.run(unforgiving.start_city(BAD))
    assert states[-1] == (Outcome.UNREACHABLE, "circuit_open")
    for _ in range(300):
        if (last := state()[0]) is Outcome.ANSWERED:
            break
        time.sleep(0.1)
    assert last is Outcome.ANSWERED
