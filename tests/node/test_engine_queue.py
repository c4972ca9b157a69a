"""Turns at the engines: no city, organisation or analyst takes the places of others, and who is too late is told so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from hansa_core.errors import BusyError
from hansa_core.policy.decide import VouchedAnalyst
from hansa_node.engines.stop import AbandonedError
from hansa_node.pipeline import engine_queue
from hansa_node.pipeline.engine_queue import LIGHT_COST, EngineQueue

HEAVY = 500_000  # a second, by its static cost


def asker(city: str, organisation: str = "office", key_id: str = "ann") -> VouchedAnalyst:
    return VouchedAnalyst(subject=key_id, organisation=organisation, city=city, key_id=key_id)


class Work:
    """What was begun, in its order, by name; it goes on until it is let go."""

    def __init__(self, places: int = 1) -> None:
        self.now_s = 0.0
        self.queue = EngineQueue(places, lambda: self.now_s)
        self.begun: list[str] = []
        self.go_on = asyncio.Event()

    async def do(
        self,
        who: VouchedAnalyst,
        cost: int = HEAVY,
        *,
        deadline_s: float | None = None,
        abandoned: asyncio.Event | None = None,
    ) -> None:
        async with self.queue.turn(who, cost, deadline_s=deadline_s, abandoned=abandoned or asyncio.Event()):
            self.begun.append(f"{who.city} {who.organisation} {who.key_id}")
            await self.go_on.wait()

    async def begin(self, askers: Sequence[VouchedAnalyst]) -> list[asyncio.Task[None]]:
        tasks = []
        for who in askers:
            tasks.append(asyncio.create_task(self.do(who)))
            await asyncio.sleep(0)
        return tasks


def test_cities_then_organisations_then_analysts_take_turns() -> None:
    async def crowd() -> list[str]:
        work = Work()
        bremen, police = asker("bremen"), asker("bremen", "police")
        tasks = await work.begin([bremen] * 5 + [police] * 2 + [asker("bremen", "police", "eve"), asker("luebeck")])
        work.go_on.set()
        await asyncio.gather(*tasks)
        return work.begun

    assert asyncio.run(crowd()) == [
        "bremen office ann",  # came first, and alone
        "bremen office ann",
        "luebeck office ann",
        "bremen police ann",
        "bremen office ann",
        "bremen police eve",
        "bremen office ann",
        "bremen police ann",
        "bremen office ann",
    ]


def test_in_a_crowd_only_who_might_come_too_late_looks_at_the_others_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []

    def looked(branch: engine_queue._Branch) -> engine_queue._Branch:
        looks.append(None)
        return copy(branch)

    copy = engine_queue._copy
    monkeypatch.setattr(engine_queue, "_copy", looked)

    async def crowd() -> list[str]:
        work = Work()
        patient = [asyncio.create_task(work.do(asker("bremen"), deadline_s=1000.0)) for _ in range(50)]
        await asyncio.sleep(0)
        assert not looks
        with pytest.raises(BusyError):
            await work.do(asker("bremen"), deadline_s=2.0)
        assert looks
        work.go_on.set()
        await asyncio.gather(*patient)
        looks.clear()
        await work.do(asker("bremen"), deadline_s=1.5)  # nobody waits any more
        return work.begun

    assert len(asyncio.run(crowd())) == 51
    assert not looks


def test_light_work_does_not_wait_for_heavy_work() -> None:
    async def crowd() -> list[str]:
        work = Work()
        tasks = await work.begin([asker("bremen")] * 16)
        light = asyncio.create_task(work.do(asker("luebeck"), LIGHT_COST))
        await asyncio.sleep(0)
        begun = list(work.begun)
        for task in (*tasks, light):
            task.cancel()
        return begun

    assert asyncio.run(crowd()) == ["bremen office ann", "luebeck office ann"]


def test_who_cannot_be_served_in_time_is_told_when_to_come_back_and_begins_nothing() -> None:
    async def late() -> tuple[list[str], float]:
        work = Work()
        tasks = await work.begin([asker("bremen")] * 4)
        with pytest.raises(BusyError) as busy:
            await work.do(asker("bremen"), deadline_s=4.9)  # four seconds of others, and one of its own
        fair = asyncio.create_task(work.do(asker("luebeck"), deadline_s=3.1))  # whose turn is the next but one
        await asyncio.sleep(0)
        assert not fair.done()
        for task in (*tasks, fair):
            task.cancel()
        return work.begun, busy.value.retry_after_s

    assert asyncio.run(late()) == (["bremen office ann"], 4.0)


def test_what_need_not_wait_is_tried_whatever_its_cost() -> None:
    async def alone() -> None:
        work = Work()
        work.go_on.set()
        await work.do(asker("bremen"), 100 * HEAVY, deadline_s=0.5)

    asyncio.run(alone())


@pytest.mark.parametrize(("took_s", "left_s"), [(1.0, 3.0), (6.0, 6.0)])
def test_what_runs_is_awaited_for_the_rest_of_its_cost_and_beyond_it_for_as_long_again(
    took_s: float, left_s: float
) -> None:
    async def told() -> float:
        work = Work()
        work.now_s = 10.0
        first = asyncio.create_task(work.do(asker("bremen"), 4 * HEAVY))
        await asyncio.sleep(0)
        work.now_s += took_s
        with pytest.raises(BusyError) as busy:
            await work.do(asker("luebeck"), deadline_s=0.1)
        first.cancel()
        return busy.value.retry_after_s

    assert asyncio.run(told()) == left_s


def test_whose_time_was_taken_by_others_is_told_before_the_work_begins() -> None:
    async def overtaken() -> list[str]:
        work = Work()
        (first,) = await work.begin([asker("bremen")])
        second = asyncio.create_task(work.do(asker("luebeck"), deadline_s=2.5))
        await asyncio.sleep(0)
        work.now_s = 2.0  # the first one took twice as long as its cost says
        first.cancel()
        with pytest.raises(BusyError):
            await second
        return work.begun

    assert asyncio.run(overtaken()) == ["bremen office ann"]


def test_who_goes_away_while_waiting_leaves_nothing_behind() -> None:
    async def gone() -> list[str]:
        work, abandoned = Work(), asyncio.Event()
        (first,) = await work.begin([asker("bremen")])
        waiting = asyncio.create_task(work.do(asker("luebeck"), abandoned=abandoned))
        cancelled = asyncio.create_task(work.do(asker("luebeck")))
        await asyncio.sleep(0)
        abandoned.set()
        cancelled.cancel()
        with pytest.raises(AbandonedError):
            await waiting
        with suppress(asyncio.CancelledError):
            await cancelled
        work.go_on.set()
        await first
        await work.do(asker("luebeck", "police"))
        return work.begun

    assert asyncio.run(gone()) == ["bremen office ann", "luebeck police ann"]
