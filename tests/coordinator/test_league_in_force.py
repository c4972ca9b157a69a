"""A roster that is replaced under a running coordinator: whom it asks, whom it lets in, and what it refuses."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hansa_coordinator_calls import CREDENTIAL, SIGNER, analyst, query
from hansa_core.errors import RefusedError
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_league.files.league_layout import LeagueLayout
from hansa_local.coordinator_config import CoordinatorListen
from hansa_local.key_file import read_signer
from hansa_ports import free_ports
from hansa_simulated_city import CITIES, SimulatedLeague, simulated_league
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient

DEADLINE_S = 60.0


@pytest.fixture
def league(tmp_path: Path) -> Iterator[SimulatedLeague]:
    with simulated_league(tmp_path) as served:
        yield served


@pytest.fixture
def outbound(tmp_path: Path) -> Iterator[SimulatedLeague]:
    with simulated_league(tmp_path, outbound=CITIES, replicas=2) as served:
        yield served


def signed(league: SimulatedLeague, roster: Roster) -> bytes:
    governance = LeagueLayout(league.directory).governance
    signers = (read_signer(governance / f"{city}.key") for city in CITIES)
    return envelope_to_json(sign(payload_types.ROSTER, roster_payload(roster), *signers))


def install(league: SimulatedLeague, content: bytes) -> None:
    path = LeagueLayout(league.directory).roster
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    os.replace(beside, path)


def of(league: SimulatedLeague, version: int, *cities: str) -> Roster:
    members = tuple(member for member in league.roster.members if member.city in cities)
    return replace(league.roster, version=version, members=members)


def publish(league: SimulatedLeague, version: int, *cities: str) -> None:
    install(league, signed(league, of(league, version, *cities)))


def founded_with(league: SimulatedLeague, *cities: str) -> None:
    """The coordinator starts with these members alone."""
    league.run(league.stop_coordinator())
    publish(league, 2, *cities)
    league.run(league.start_coordinator())


def last_event(client: CoordinatorClient, league: SimulatedLeague, city: str) -> CityEvent:
    *_, last = client.ask(query(league, city), CREDENTIAL, deadline_s=DEADLINE_S)
    return last


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_city_that_is_added_is_asked_by_the_next_question(league: SimulatedLeague) -> None:
    founded_with(league, "bremen", "hamburg")
    asker = analyst(league, "bremen")
    assert last_event(asker, league, "luebeck").code == "not_a_member"
    publish(league, 3, *CITIES)
    assert last_event(asker, league, "luebeck").state is CityState.ANSWERED
    assert {event.city for event in asker.catalogue(deadline_s=DEADLINE_S)} == set(CITIES)


def test_a_city_that_is_removed_is_asked_no_more(league: SimulatedLeague) -> None:
    asker = analyst(league, "bremen")
    assert last_event(asker, league, "luebeck").state is CityState.ANSWERED
    publish(league, 2, "bremen", "hamburg")
    assert last_event(asker, league, "luebeck").code == "not_a_member"
    assert league.cities["luebeck"].asked == 1
    assert last_event(asker, league, "hamburg").state is CityState.ANSWERED


def test_a_node_that_moves_is_dialled_at_its_new_address(league: SimulatedLeague) -> None:
    asker = analyst(league, "bremen")
    assert last_event(asker, league, "luebeck").state is CityState.ANSWERED
    league.run(league.stop_city("luebeck"))
    old = league.roster
    moved = replace(old.member("luebeck"), port=old.member("luebeck").log_port, log_port=old.member("luebeck").port)
    members = tuple(moved if member.city == "luebeck" else member for member in old.members)
    league.roster = replace(old, version=2, members=members)
    league.run(league.start_city("luebeck"))
    install(league, signed(league, league.roster))
    assert last_event(asker, league, "luebeck").state is CityState.ANSWERED


def test_a_call_under_way_to_a_removed_city_ends_with_its_answer(
    league: SimulatedLeague, monkeypatch: pytest.MonkeyPatch
) -> None:
    luebeck = league.cities["luebeck"]
    began, go_on, answering = threading.Event(), threading.Event(), luebeck.ask

    async def ask(asked: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        began.set()
        await asyncio.to_thread(go_on.wait, DEADLINE_S)
        return await answering(asked, credential, deadline_s=deadline_s)

    monkeypatch.setattr(luebeck, "ask", ask)
    asker = analyst(league, "bremen")
    events = asker.ask(query(league, "luebeck"), CREDENTIAL, deadline_s=DEADLINE_S)
    assert next(events).state is CityState.ASKED
    assert began.wait(DEADLINE_S)
    publish(league, 2, "bremen", "hamburg")
    assert last_event(asker, league, "luebeck").code == "not_a_member"
    go_on.set()
    assert list(events)[-1].state is CityState.ANSWERED


def test_an_analyst_of_an_added_city_may_ask(league: SimulatedLeague) -> None:
    founded_with(league, "bremen", "hamburg")
    with pytest.raises(ConnectionError):
        analyst(league, "luebeck").catalogue(deadline_s=DEADLINE_S)
    publish(league, 3, *CITIES)
    assert last_event(analyst(league, "bremen"), league, "luebeck").state is CityState.ANSWERED
    assert last_event(analyst(league, "luebeck"), league, "luebeck").state is CityState.ANSWERED


def test_an_analyst_of_a_removed_city_may_not_ask_on_a_connection_that_stayed_open(league: SimulatedLeague) -> None:
    asker = analyst(league, "luebeck")
    assert last_event(asker, league, "bremen").state is CityState.ANSWERED
    publish(league, 2, "bremen", "hamburg")
    with pytest.raises(RefusedError) as refused:
        last_event(asker, league, "bremen")
    assert refused.value.code == "unpinned_peer"
    assert league.cities["bremen"].asked == 1


def test_an_analyst_of_a_removed_city_gets_no_new_connection(league: SimulatedLeague) -> None:
    publish(league, 2, "bremen", "hamburg")
    assert last_event(analyst(league, "bremen"), league, "hamburg").state is CityState.ANSWERED
    with pytest.raises(ConnectionError):
        analyst(league, "luebeck").catalogue(deadline_s=DEADLINE_S)


def test_a_new_roster_is_seen_although_nobody_who_may_ask_does(league: SimulatedLeague) -> None:
    founded_with(league, "bremen", "hamburg")

    async def begin() -> asyncio.Task[None]:
        return asyncio.create_task(league.coordinator().follow_roster())

    async def end(task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    following = league.run(begin())
    try:
        publish(league, 3, *CITIES)

        def is_let_in() -> bool:
            try:
                return bool(analyst(league, "luebeck").catalogue(deadline_s=DEADLINE_S))
            except ConnectionError:
                return False

        eventually(is_let_in)
    finally:
        league.run(end(following))


def test_an_attached_city_that_leaves_is_cut_and_one_that_comes_back_attaches(outbound: SimulatedLeague) -> None:
    for city in ("bremen", "luebeck"):
        outbound.run(outbound.attach_city(city, "coordinator"))
    outbound.run(outbound.reaches("coordinator", "bremen", "luebeck"))
    asker = analyst(outbound, "bremen")
    publish(outbound, 2, "bremen", "hamburg")
    assert last_event(asker, outbound, "bremen").state is CityState.ANSWERED
    outbound.run(outbound.reaches("coordinator", "bremen"))
    publish(outbound, 3, *CITIES)
    assert last_event(asker, outbound, "bremen").state is CityState.ANSWERED
    outbound.run(outbound.reaches("coordinator", "bremen", "luebeck"))
    assert last_event(asker, outbound, "luebeck").state is CityState.ANSWERED


def test_a_coordinator_attaches_to_one_that_comes_into_the_roster_again(outbound: SimulatedLeague) -> None:
    """Cut at the upper end, kept up by the lower: both follow the same file."""
    outbound.run(outbound.start_coordinator("coordinator-2", attach=("coordinator",)))
    outbound.run(outbound.attach_city("bremen", "coordinator-2"))
    outbound.run(outbound.reaches("coordinator", "bremen"))
    first, second = outbound.roster.coordinators
    alone = replace(outbound.roster, version=2, coordinators=(first,))
    install(outbound, signed(outbound, alone))
    upper, lower = analyst(outbound, "hamburg"), analyst(outbound, "hamburg", "coordinator-2")
    assert last_event(upper, outbound, "bremen").state is CityState.UNREACHABLE
    outbound.run(outbound.reaches("coordinator"))
    install(outbound, signed(outbound, replace(alone, version=3, coordinators=(first, second))))
    assert last_event(lower, outbound, "bremen").state is CityState.ANSWERED
    last_event(upper, outbound, "bremen")
    outbound.run(outbound.reaches("coordinator", "bremen"))
    assert last_event(upper, outbound, "bremen").state is CityState.ANSWERED


def test_a_coordinator_attaches_to_another_at_its_new_address(outbound: SimulatedLeague) -> None:
    outbound.run(outbound.start_coordinator("coordinator-2", attach=("coordinator",)))
    outbound.run(outbound.attach_city("bremen", "coordinator-2"))
    outbound.run(outbound.reaches("coordinator", "bremen"))
    outbound.run(outbound.stop_coordinator())
    old, port = outbound.roster, free_ports(1)[0]
    first, second = old.coordinators
    outbound.roster = replace(old, version=2, coordinators=(replace(first, port=port), second))
    install(outbound, signed(outbound, outbound.roster))
    outbound.run(outbound.start_coordinator(listen=CoordinatorListen(port=port)))
    lower = analyst(outbound, "hamburg", "coordinator-2")
    assert last_event(lower, outbound, "bremen").state is CityState.ANSWERED
    outbound.run(outbound.reaches("coordinator", "bremen"))
    assert last_event(analyst(outbound, "hamburg"), outbound, "bremen").state is CityState.ANSWERED


@pytest.mark.parametrize("wrong", ["older", "broken", "unsigned", "gone"])
def test_a_roster_that_may_not_follow_is_refused_and_the_one_in_force_stays(
    league: SimulatedLeague, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    asker = analyst(league, "bremen")
    publish(league, 3, "bremen", "hamburg")
    assert last_event(asker, league, "luebeck").code == "not_a_member"
    with caplog.at_level(logging.ERROR, logger="hansa_local.roster_follower"):
        match wrong:
            case "older":
                publish(league, 2, *CITIES)
            case "broken":
                install(league, b"{")
            case "unsigned":
                forged = sign(payload_types.ROSTER, roster_payload(of(league, 4, *CITIES)), SIGNER)
                install(league, envelope_to_json(forged))
            case "gone":
                LeagueLayout(league.directory).roster.unlink()
        for _ in range(2):
            assert last_event(asker, league, "luebeck").code == "not_a_member"
            assert last_event(asker, league, "hamburg").state is CityState.ANSWERED
    refused = [record for record in caplog.records if record.message == "roster refused"]
    assert len(refused) == 1
    assert "the newest roster" in vars(refused[0])["remedy"]
    publish(league, 5, *CITIES)
    assert last_event(asker, league, "luebeck").state is CityState.ANSWERED
