"""Many cities under one deadline: each ends in a state, and none holds up another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from hansa_coordinator.carrier import CircuitOpenError
from hansa_coordinator.fan_out import TOLD_AFTER_S, fan_out
from hansa_coordinator.hedge import CallListener
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState

SEALED = Answered(sign("description", b"word", Ed25519Signer(bytes(32))), b"receipt")


Call = Callable[[float, CallListener], Awaitable[Answered]]


@dataclass(frozen=True)
class Scripted:
    """A city that does what `script` says."""

    script: Call

    async def ask(self, left_s: float, listener: CallListener) -> Answered:
        return await self.script(left_s, listener)


async def answers(*_: object) -> Answered:
    return SEALED


def fails(error: Exception) -> Call:
    async def call(*_: object) -> Answered:
        raise error

    return call


async def never(*_: object) -> Answered:
    await asyncio.sleep(60)
    return SEALED


def events_of(calls: dict[str, Call], *, deadline_s: float = 5.0, max_concurrency: int = 64) -> list[CityEvent]:
    async def collect() -> list[CityEvent]:
        cities = {city: Scripted(call) for city, call in calls.items()}
        return [event async for event in fan_out(cities, deadline_s=deadline_s, max_concurrency=max_concurrency)]

    return asyncio.run(collect())


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (ConnectionError("no route"), CityState.UNREACHABLE, ""),
        (TimeoutError(), CityState.TIMED_OUT, ""),
        (RefusedError("credential_expired", "rule", "remedy"), CityState.REFUSED, "credential_expired"),
        pytest.param(PeerError("nonsense"), CityState.FAILED, "peer_error", marks=pytest.mark.produces("peer_error")),
        pytest.param(
            CircuitOpenError("left alone"),
            CityState.UNREACHABLE,
            "circuit_open",
            marks=pytest.mark.produces("circuit_open"),
        ),
        pytest.param(BusyError(retry_after_s=2.0), CityState.UNREACHABLE, "busy", marks=pytest.mark.produces("busy")),
    ],
)
def test_each_failure_ends_in_its_state_and_spares_the_others(error: Exception, state: CityState, code: str) -> None:
    last = {event.city: event for event in events_of({"bremen": fails(error), "luebeck": answers})}
    assert (last["bremen"].state, last["bremen"].code) == (state, code)
    assert last["luebeck"].state is CityState.ANSWERED
    assert (last["luebeck"].answer, last["luebeck"].receipt) == (SEALED.envelope, SEALED.receipt)


async def answers_later(*_: object) -> Answered:
    await asyncio.sleep(2 * TOLD_AFTER_S)
    return SEALED


def test_a_city_is_asked_before_it_answers() -> None:
    assert [event.state for event in events_of({"bremen": answers_later})] == [CityState.ASKED, CityState.ANSWERED]


async def answers_soon(*_: object) -> Answered:
    await asyncio.sleep(TOLD_AFTER_S / 100)
    return SEALED


@pytest.mark.parametrize("call", [answers, answers_soon])
def test_of_a_city_that_answers_before_its_asking_is_told_the_end_alone_is_told(call: Call) -> None:
    events = events_of({"bremen": call, "luebeck": answers_later})
    assert [(event.city, event.state) for event in events] == [
        ("bremen", CityState.ANSWERED),
        ("luebeck", CityState.ASKED),
        ("luebeck", CityState.ANSWERED),
    ]


def test_what_a_call_tells_while_it_goes_on_is_told() -> None:
    async def hedged(_: float, listener: CallListener) -> Answered:
        listener.goes_on("hedged", "asked once more")
        return await answers_later()

    events = events_of({"bremen": hedged})
    assert [(event.state, event.code) for event in events] == [
        (CityState.ASKED, ""),
        (CityState.ASKED, "hedged"),
        (CityState.ANSWERED, ""),
    ]


def test_one_deadline_holds_for_all_also_for_those_who_wait_for_a_turn() -> None:
    events = events_of({"bremen": never, "luebeck": never}, deadline_s=2 * TOLD_AFTER_S, max_concurrency=1)
    assert sorted(event.city for event in events if event.state is CityState.TIMED_OUT) == ["bremen", "luebeck"]
    assert sum(event.state is CityState.ASKED for event in events) == 1


def test_no_more_cities_are_asked_at_once_than_allowed() -> None:
    running = most = 0

    async def counted(*_: object) -> Answered:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1
        return SEALED

    events = events_of({f"city-{number}": counted for number in range(20)}, max_concurrency=3)
    assert most == 3
    assert sum(event.state is CityState.ANSWERED for event in events) == 20


def test_closing_the_stream_cancels_what_is_under_way() -> None:
    async def close_early() -> bool:
        cancelled = asyncio.Event()

        async def call(*_: object) -> Answered:
            try:
                return await never()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with contextlib.aclosing(fan_out({"bremen": Scripted(call)}, deadline_s=5, max_concurrency=1)) as events:
            await anext(events)
            await asyncio.sleep(0)
        return cancelled.is_set()

    assert asyncio.run(close_early())


def test_a_mistake_of_ours_at_one_city_is_logged_and_ends_no_other_citys_call(caplog: pytest.LogCaptureFixture) -> None:
    ends = {event.city: event for event in events_of({"bremen": fails(ZeroDivisionError("4711")), "luebeck": answers})}
    assert (ends["bremen"].state, ends["bremen"].code) == (CityState.FAILED, "peer_error")
    assert ends["luebeck"].state is CityState.ANSWERED
    (logged,) = [record.__dict__ for record in caplog.records if record.message == "city failed"]
    assert (logged["levelname"], logged["city"], logged["error"]) == ("ERROR", "bremen", "ZeroDivisionError")
    assert "4711" not in caplog.text + ends["bremen"].detail
