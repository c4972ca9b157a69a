"""One city over the ways that there are: hedged, failed over, and left alone when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hansa_attached import HeardCodes
from hansa_coordinator.breaker import BreakerRule
from hansa_coordinator.carrier import SILENT_S, Carrier, CircuitOpenError
from hansa_coordinator.fan_out import fan_out
from hansa_coordinator.hedge import CallListener
from hansa_coordinator.relay import CarriedCall
from hansa_coordinator.routes import Routes, Way
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_wire.attach.messages import CallKind, CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityState
from hansa_wire.rpc.replies import GarbledReplyError
from hansa_wire.rpc.status import PeerUnreachableError

SIGNER = Ed25519Signer(bytes(32))
FIRST, SECOND = (Answered(sign("word", word, SIGNER), word) for word in (b"first", b"second"))


def ask(hubs: int = 4) -> CityCall:
    return CityCall(city="bremen", kind=CallKind.DESCRIBE, deadline_s=30, hubs=hubs)


@dataclass
class FakeWay:
    """A way that does what it is told, call by call: an answer, an error, or silence (None)."""

    does: list[Answered | Exception | None]
    hubs: int = 0
    calls: list[CityCall] = field(default_factory=list)
    cancelled: int = 0

    async def carry(self, call: CityCall) -> Answered:
        self.calls.append(call)
        outcome = self.does.pop(0)
        if outcome is None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None
        return outcome


@dataclass
class WaitingWay:
    """A way that answers as soon as `let` is set."""

    let: asyncio.Event
    hubs: int = 1

    async def carry(self, call: CityCall) -> Answered:
        await self.let.wait()
        return SECOND


class FakeRoutes(Routes):
    def __init__(self, *ways: Way) -> None:
        super().__init__(lambda _: None)
        self._ways = ways

    def ways(self, city: str, *, hubs: int = 4) -> tuple[Way, ...]:
        return tuple(way for way in self._ways if way.hubs <= hubs)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def carrier(*ways: Way, clock: Clock | None = None, failures: int = 2, hedge_after_s: float = 0.02) -> Carrier:
    rule = BreakerRule(failures=failures)
    return Carrier(FakeRoutes(*ways), hedge_after_s=hedge_after_s, rule=rule, clock=clock or Clock())


def carried(by: Carrier, listener: CallListener | None = None) -> Answered:
    return asyncio.run(by.carry(ask(), listener or HeardCodes()))


def test_a_silent_city_is_asked_again_over_another_way_and_the_first_call_is_cancelled() -> None:
    silent, quick, heard = FakeWay([None]), FakeWay([SECOND], hubs=1), HeardCodes()
    assert carried(carrier(silent, quick), heard) == SECOND
    assert (silent.cancelled, heard.codes) == (1, ["hedged"])
    assert silent.calls[0] == quick.calls[0]  # the very same signed query


@pytest.mark.produces("hedged")
def test_whoever_waits_for_a_silent_city_hears_that_it_is_asked_again() -> None:
    async def states() -> list[tuple[CityState, str]]:
        heard = asyncio.Event()
        ways = carrier(FakeWay([None]), WaitingWay(heard))
        asked = CarriedCall(carrier=ways, city="bremen", kind=CallKind.DESCRIBE)
        found = []
        async for event in fan_out({"bremen": asked}, deadline_s=60, max_concurrency=1):
            found.append((event.state, event.code))
            if event.code == "hedged":
                heard.set()
        return found

    assert asyncio.run(states()) == [
        (CityState.ASKED, ""),
        (CityState.ASKED, "hedged"),
        (CityState.ANSWERED, ""),
    ]


def test_a_silent_city_with_one_way_is_not_asked_again_over_the_same_connection() -> None:
    way = FakeWay([None, SECOND])

    async def ask_for_a_while() -> None:
        asking = asyncio.create_task(carrier(way, hedge_after_s=0.001).carry(ask(), HeardCodes()))
        await asyncio.wait([asking], timeout=0.1)
        assert not asking.done()
        asking.cancel()

    asyncio.run(ask_for_a_while())
    assert len(way.calls) == 1


def test_a_connection_that_breaks_is_made_again_at_once() -> None:
    way = FakeWay([PeerUnreachableError("gone"), SECOND])
    assert carried(carrier(way)) == SECOND


def test_what_a_city_garbles_counts_in_its_circuit_and_is_logged_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    by = carrier(FakeWay([GarbledReplyError("bytes"), ZeroDivisionError(), FIRST]), failures=2)
    for error in (GarbledReplyError, ZeroDivisionError):
        with pytest.raises(error):
            carried(by)
    with pytest.raises(CircuitOpenError):
        carried(by)
    (logged,) = [record.__dict__ for record in caplog.records if record.levelname == "WARNING"]
    assert (logged["city"], logged["reason"]) == ("bremen", "bytes")


def test_what_an_asker_does_wrong_does_not_count_in_a_citys_circuit() -> None:
    by = carrier(FakeWay([PeerError("your query is malformed")] * 3 + [FIRST]), failures=2)
    for _ in range(3):
        with pytest.raises(PeerError):
            carried(by)
    assert carried(by) == FIRST


def test_a_quick_city_is_asked_once() -> None:
    way = FakeWay([FIRST])
    assert carried(carrier(way, hedge_after_s=5)) == FIRST
    assert len(way.calls) == 1


@pytest.mark.parametrize("lost", [PeerUnreachableError("gone"), BusyError(retry_after_s=1.0)])
def test_a_lost_call_goes_another_way_at_once(lost: Exception) -> None:
    assert carried(carrier(FakeWay([lost]), FakeWay([SECOND]), hedge_after_s=60)) == SECOND


def test_a_refusal_counts_as_heard_and_is_not_asked_for_twice() -> None:
    other = FakeWay([SECOND])
    with pytest.raises(RefusedError):
        carried(carrier(FakeWay([RefusedError("denied", "rule", "remedy")]), other))
    assert not other.calls


def test_a_hedge_that_is_turned_away_leaves_the_first_call_running() -> None:
    async def slow_then_first(call: CityCall) -> Answered:
        await asyncio.sleep(0.1)
        return FIRST

    slow = FakeWay([])
    slow.carry = slow_then_first  # type: ignore[method-assign]
    assert carried(carrier(slow, FakeWay([BusyError(retry_after_s=1.0)]))) == FIRST


def test_a_city_that_answers_at_once_costs_no_task_of_a_hedge() -> None:
    tasks: list[int] = []

    async def count_tasks(call: CityCall) -> Answered:
        await asyncio.sleep(0)
        tasks.append(len(asyncio.all_tasks()))
        return FIRST

    quick = FakeWay([])
    quick.carry = count_tasks  # type: ignore[method-assign]
    assert carried(carrier(quick, FakeWay([SECOND]), hedge_after_s=60)) == FIRST
    assert tasks == [1]


def test_a_first_call_that_is_lost_after_its_hedge_began_waits_for_the_hedge() -> None:
    async def lost_later(call: CityCall) -> Answered:
        await asyncio.sleep(0.05)
        raise PeerUnreachableError("gone")

    async def slower(call: CityCall) -> Answered:
        await asyncio.sleep(0.2)
        return SECOND

    first, second = FakeWay([]), FakeWay([])
    first.carry, second.carry = lost_later, slower  # type: ignore[method-assign]
    assert carried(carrier(first, second, hedge_after_s=0.001)) == SECOND


def test_when_the_hedge_is_lost_before_the_first_call_the_city_is_gone() -> None:
    async def lost_later(call: CityCall) -> Answered:
        await asyncio.sleep(0.1)
        raise PeerUnreachableError("gone at last")

    first = FakeWay([])
    first.carry = lost_later  # type: ignore[method-assign]
    with pytest.raises(PeerUnreachableError, match="gone at last"):
        carried(carrier(first, FakeWay([PeerUnreachableError("gone at once")]), hedge_after_s=0.001))


def test_a_city_that_is_gone_is_left_alone_until_a_probe_reaches_it() -> None:
    clock = Clock()
    gone: list[Answered | Exception | None] = [PeerUnreachableError("gone")] * 4
    way = FakeWay([*gone, FIRST, FIRST])
    by = carrier(way, clock=clock)
    for _ in range(2):
        with pytest.raises(PeerUnreachableError, match="gone"):
            carried(by)
    with pytest.raises(CircuitOpenError, match="try again in 2 s"):
        carried(by)
    assert len(way.calls) == 4
    clock.now = 2.0
    assert carried(by) == FIRST
    assert carried(by) == FIRST


def test_a_city_that_attaches_again_is_asked_at_once() -> None:
    by = carrier(FakeWay([PeerUnreachableError("gone"), PeerUnreachableError("gone"), FIRST]), failures=1)
    with pytest.raises(PeerUnreachableError):
        carried(by)
    by.came(["bremen"])
    assert carried(by) == FIRST


def test_a_city_without_a_way_costs_it_nothing() -> None:
    by = carrier(failures=1)
    for _ in range(3):
        with pytest.raises(PeerUnreachableError, match="not attached"):
            carried(by)


@pytest.mark.parametrize(("silent_s", "opens"), [(SILENT_S - 1, False), (SILENT_S, True)])
def test_only_a_long_silence_speaks_against_a_city(silent_s: float, opens: bool) -> None:
    """Otherwise one analyst with tiny deadlines could shut a city for the others."""
    clock = Clock()
    way = FakeWay([None, FIRST])
    by = carrier(way, clock=clock, failures=1, hedge_after_s=60)

    async def leave() -> None:
        asking = asyncio.create_task(by.carry(ask(), HeardCodes()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.now = silent_s
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(leave())
    if opens:
        with pytest.raises(CircuitOpenError):
            carried(by)
    else:
        assert carried(by) == FIRST


def test_a_hub_relays_only_over_ways_shorter_than_its_askers_and_does_not_hedge() -> None:
    near, far = FakeWay([FIRST], hubs=1), FakeWay([SECOND], hubs=2)
    work: Coroutine[Any, Any, Answered] = carrier(near, far).answer(ask(hubs=2))
    assert asyncio.run(work) == FIRST
    with pytest.raises(PeerUnreachableError):
        asyncio.run(carrier(near, far).answer(ask(hubs=1)))


def test_attack_a_probe_with_a_long_deadline_does_not_shut_the_city_for_the_others() -> None:
    clock = Clock()
    way = FakeWay([PeerUnreachableError("gone")] * 2 + [None, FIRST])
    by = carrier(way, clock=clock, failures=1, hedge_after_s=60)

    async def attack() -> Answered:
        with pytest.raises(PeerUnreachableError):
            await by.carry(ask(), HeardCodes())
        clock.now = 2.0
        probe = asyncio.create_task(by.carry(replace(ask(), deadline_s=600), HeardCodes()))
        await asyncio.sleep(0.01)
        clock.now = 2.0 + SILENT_S
        try:
            return await by.carry(ask(), HeardCodes())
        finally:
            probe.cancel()

    assert asyncio.run(attack()) == FIRST
