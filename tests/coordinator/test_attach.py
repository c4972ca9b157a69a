"""Cities that dial out, to several coordinators and through several: asked as if they listened."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

import hansa
from hansa_coordinator_calls import CREDENTIAL, SIGNER, analyst_channel, query
from hansa_core.errors import PeerError
from hansa_core.evidence.receipt import check_receipt
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign, verify
from hansa_local.coordinator_config import CoordinatorLimits
from hansa_renewed_certificate import renewed
from hansa_simulated_city import CITIES, Fault, SimulatedLeague, simulated_league
from hansa_wire.codec.answer_codec import decode_answer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient

DEADLINE_S = 60.0
FIRST, SECOND, THIRD = "coordinator", "coordinator-2", "coordinator-3"


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def league(tmp_path: Path) -> Iterator[SimulatedLeague]:
    with simulated_league(tmp_path, outbound=CITIES, replicas=3) as served:
        yield served


def client(league: SimulatedLeague, coordinator: str = FIRST) -> tuple[CoordinatorClient, Callable[[], None]]:
    channel = analyst_channel(league, coordinator=coordinator)
    return CoordinatorClient(channel), channel.close


def last_events(
    league: SimulatedLeague, coordinator: str, asked: Envelope, *, deadline_s: float = DEADLINE_S
) -> dict[str, CityEvent]:
    calls, close = client(league, coordinator)
    try:
        return {event.city: event for event in calls.ask(asked, CREDENTIAL, deadline_s=deadline_s)}
    finally:
        close()


def test_an_attached_city_is_asked_like_one_that_listens(league: SimulatedLeague) -> None:
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    asked = query(league, "bremen", "hamburg")
    last = last_events(league, FIRST, asked)
    assert last["bremen"].answer is not None
    payload = verify(last["bremen"].answer, payload_types.ANSWER, (league.roster.member("bremen").answer_key,))
    assert decode_answer(payload).query_hash == hashlib.sha256(asked.payload).digest()
    assert last["hamburg"].state is CityState.UNREACHABLE
    assert "not attached" in last["hamburg"].detail


def test_a_city_whose_certificate_expires_while_it_is_attached_is_told_of_and_cut_off(
    league: SimulatedLeague, caplog: pytest.LogCaptureFixture
) -> None:
    folder = league.directory / "cities" / "bremen"
    (folder / "tls.pem").write_bytes(renewed(folder / "tls.pem", folder, valid_for=timedelta(seconds=4)))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.ANSWERED
    league.run(league.reaches(FIRST))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.UNREACHABLE
    assert "attached peer's certificate has expired" in [record.message for record in caplog.records]
    reasons = [record.__dict__["reason"] for record in caplog.records if record.message == "not attached"]
    assert "a caller's certificate is in force, also on a connection that lasts" in reasons[0]


def test_a_large_answer_travels_in_parts_and_arrives_whole(league: SimulatedLeague) -> None:
    """More than a request may have, and more than one part."""
    city = league.cities["bremen"]
    large = sign(payload_types.ANSWER, secrets.token_bytes(3_000_000), SIGNER)

    async def ask(*_: object, **__: object) -> Answered:
        return Answered(large, b"receipt")

    city.ask = ask  # type: ignore[method-assign]
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].answer == large


def test_a_city_attached_to_two_replicas_survives_the_loss_of_either(league: SimulatedLeague) -> None:
    league.run(league.start_coordinator(SECOND))
    league.run(league.attach_city("bremen", FIRST, SECOND))
    for name in (FIRST, SECOND):
        league.run(league.reaches(name, "bremen"))
        assert last_events(league, name, query(league, "bremen"))["bremen"].state is CityState.ANSWERED
    league.run(league.stop_coordinator(FIRST))
    assert last_events(league, SECOND, query(league, "bremen"))["bremen"].state is CityState.ANSWERED
    league.run(league.start_coordinator(FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.ANSWERED


def two_deep(league: SimulatedLeague) -> None:
    """hamburg attaches to the third coordinator, that one to the second, that one to the first."""
    league.run(league.start_coordinator(SECOND, attach=(FIRST,)))
    league.run(league.start_coordinator(THIRD, attach=(SECOND,)))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.attach_city("hamburg", THIRD))
    league.run(league.reaches(FIRST, "bremen", "hamburg"))


def test_a_question_goes_through_two_hubs_and_the_answer_is_still_the_citys_own(league: SimulatedLeague) -> None:
    two_deep(league)
    last = last_events(league, FIRST, query(league, "bremen", "hamburg"))
    assert {event.state for event in last.values()} == {CityState.ANSWERED}
    answer = last["hamburg"].answer
    assert answer is not None
    member = league.roster.member("hamburg")
    payload = verify(answer, payload_types.ANSWER, (member.answer_key,))
    check_receipt(last["hamburg"].receipt, member=member, payload=payload, answer=decode_answer(payload))


def test_a_hub_reaches_what_is_attached_below_it_and_nothing_above(league: SimulatedLeague) -> None:
    two_deep(league)
    assert last_events(league, THIRD, query(league, "bremen"))["bremen"].state is CityState.UNREACHABLE


def test_refusals_and_failures_come_through_two_hubs_as_they_are(league: SimulatedLeague) -> None:
    two_deep(league)
    city = league.cities["hamburg"]
    city.fault = Fault.REJECT
    rejected = last_events(league, FIRST, query(league, "hamburg"))["hamburg"]
    assert (rejected.state, rejected.code) == (CityState.REFUSED, "credential_expired")
    city.fault = Fault.CRASH
    crashed = last_events(league, FIRST, query(league, "hamburg"))["hamburg"]
    assert crashed.state is CityState.FAILED
    assert "secret" not in crashed.detail


def test_the_deadline_and_the_cancel_travel_through_two_hubs(league: SimulatedLeague) -> None:
    two_deep(league)
    city = league.cities["hamburg"]
    city.fault = Fault.SLOW
    late = last_events(league, FIRST, query(league, "hamburg"), deadline_s=2.0)["hamburg"]
    assert late.state is CityState.TIMED_OUT
    assert city.cancelled.wait(DEADLINE_S)
    city.cancelled.clear()
    asked_before = city.asked
    calls, close = client(league)
    events = calls.ask(query(league, "hamburg"), CREDENTIAL, deadline_s=DEADLINE_S)
    assert next(events).state is CityState.ASKED
    eventually(lambda: city.asked > asked_before)
    events.close()
    assert city.cancelled.wait(DEADLINE_S)
    close()


def test_two_coordinators_attached_to_each_other_send_no_question_in_circles(league: SimulatedLeague) -> None:
    league.run(league.stop_coordinator(FIRST))
    league.run(league.start_coordinator(FIRST, attach=(SECOND,)))
    league.run(league.start_coordinator(SECOND, attach=(FIRST,)))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(SECOND, "bremen"))
    assert last_events(league, SECOND, query(league, "bremen"))["bremen"].state is CityState.ANSWERED
    league.run(league.detach_city("bremen"))
    league.run(league.reaches(FIRST))
    league.run(league.reaches(SECOND))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.UNREACHABLE


def test_a_city_that_detaches_finishes_what_is_under_way_and_takes_nothing_new(league: SimulatedLeague) -> None:
    city = league.cities["bremen"]
    go_on = threading.Event()
    answer = city.ask

    async def held(query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        city.asked += 1
        await asyncio.to_thread(go_on.wait, DEADLINE_S)
        return await answer(query, credential)

    city.ask = held  # type: ignore[method-assign]
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    calls, close = client(league)
    events = calls.ask(query(league, "bremen"), CREDENTIAL, deadline_s=DEADLINE_S)
    assert next(events).state is CityState.ASKED
    eventually(lambda: city.asked > 0)
    leaving = threading.Thread(target=lambda: league.run(league.detach_city("bremen", DEADLINE_S)))
    leaving.start()
    league.run(league.reaches(FIRST))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.UNREACHABLE
    go_on.set()
    *_, last = events  # on a busy machine there may be a hedge before
    assert last.state is CityState.ANSWERED
    leaving.join(DEADLINE_S)
    assert not leaving.is_alive()
    close()


def test_a_coordinator_that_stops_lets_the_question_to_an_attached_city_end(league: SimulatedLeague) -> None:
    city = league.cities["bremen"]
    league.run(league.stop_coordinator(FIRST))
    league.run(league.start_coordinator(FIRST, limits=CoordinatorLimits(stop_grace_s=DEADLINE_S)))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    answer = city.ask
    asked = threading.Event()

    async def unhurried(query: Envelope, credential: Envelope, *, deadline_s: float | None = None) -> Answered:
        asked.set()
        await asyncio.sleep(0.5)
        return await answer(query, credential)

    city.ask = unhurried  # type: ignore[method-assign]
    calls, close = client(league)
    events = calls.ask(query(league, "bremen"), CREDENTIAL, deadline_s=DEADLINE_S)
    assert next(events).state is CityState.ASKED
    assert asked.wait(DEADLINE_S)
    league.run(league.stop_coordinator(FIRST))
    *_, last = events  # on a busy machine there may be a hedge before
    assert last.state is CityState.ANSWERED
    close()


def asked_and_held(league: SimulatedLeague, city: str) -> tuple[Iterator[CityEvent], Callable[[], None]]:
    """A question that the city has, and does not answer."""
    league.cities[city].fault = Fault.SLOW
    calls, close = client(league)
    events = calls.ask(query(league, city), CREDENTIAL, deadline_s=DEADLINE_S)
    assert next(events).state is CityState.ASKED
    eventually(lambda: league.cities[city].asked > 0)
    return events, close


def test_a_node_lost_in_mid_question_is_unreachable_at_once(league: SimulatedLeague) -> None:
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    events, close = asked_and_held(league, "bremen")
    league.run(league.detach_city("bremen", 0.0))
    *_, last = events  # on a busy machine there may be a hedge before
    assert (last.state, last.code) == (CityState.UNREACHABLE, "")
    assert last.elapsed_ms < DEADLINE_S * 1000  # long before the question's own end
    close()


def test_a_hub_lost_in_mid_question_makes_what_lies_behind_it_unreachable_and_stops_its_work(
    league: SimulatedLeague,
) -> None:
    two_deep(league)
    events, close = asked_and_held(league, "hamburg")
    league.run(league.stop_coordinator(SECOND))
    *_, last = events  # the hub gives the question its grace, so there may be a hedge
    assert last.state is CityState.UNREACHABLE
    assert league.cities["hamburg"].cancelled.wait(DEADLINE_S)
    close()


def test_a_coordinator_lost_in_mid_question_stops_the_work_and_is_found_again(league: SimulatedLeague) -> None:
    league.run(league.stop_coordinator(FIRST))
    limits = CoordinatorLimits(stop_grace_s=0.0)
    league.run(league.start_coordinator(FIRST, limits=limits))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    events, close = asked_and_held(league, "bremen")
    league.run(league.stop_coordinator(FIRST))
    heard: list[CityState] = []
    with suppress(ConnectionError, PeerError):  # the end of the city's stream may still be told, or not any more
        heard.extend(event.state for event in events)
    assert set(heard) <= {CityState.ASKED, CityState.UNREACHABLE}
    assert league.cities["bremen"].cancelled.wait(DEADLINE_S)
    close()
    league.heal()
    league.run(league.start_coordinator(FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    assert last_events(league, FIRST, query(league, "bremen"))["bremen"].state is CityState.ANSWERED


def test_a_full_coordinator_says_when_to_come_back_and_the_sdk_shows_it(league: SimulatedLeague) -> None:
    league.run(league.stop_coordinator(FIRST))
    league.run(league.start_coordinator(FIRST, limits=CoordinatorLimits(max_questions=1)))
    league.run(league.attach_city("bremen", FIRST))
    league.run(league.reaches(FIRST, "bremen"))
    events, close = asked_and_held(league, "bremen")
    with hansa.connect(league.profile) as sdk, pytest.raises(hansa.CoordinatorError, match="try again in 1 s"):
        sdk.sql("SELECT COUNT(*) FROM harbour.ships")
    league.run(league.detach_city("bremen", 0.0))
    list(events)
    close()
