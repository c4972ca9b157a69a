"""Engine queue: as much work at once as there are cores, in turns of cities, organisations and analysts."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from hansa_core.errors import BusyError
from hansa_core.policy.decide import VouchedAnalyst
from hansa_node.engines.stop import AbandonedError
from hansa_node.pipeline.workers import done_or_abandoned

LIGHT_COST = 131_072
"""Work up to this static cost has places of its own, so that it never waits for what is heavier."""

_COST_PER_S = 500_000  # on one core: 32 groupings by 180 moments, the heaviest that was measured, took 12 s
_SOONEST_S = 1.0
_Branch = dict[str, "_Branch | deque[_Job]"]


def engine_places() -> int:
    """How much heavy work runs at once: one for each core that this process may use."""
    return len(os.sched_getaffinity(0))


class _Job:
    """Work that waits for a place, or has one. `started_at`: on the queue's clock."""

    def __init__(self, cost_s: float) -> None:
        self.cost_s = cost_s
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.started_at = 0.0


class EngineQueue:
    """Places for engine work, `places` for light and as many for heavy work. One event loop uses it.

    `clock`: seconds that never go back.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._light, self._heavy = _Lane(places, clock), _Lane(places, clock)

    @asynccontextmanager
    async def turn(
        self, asker: VouchedAnalyst, cost: int, *, deadline_s: float | None, abandoned: asyncio.Event
    ) -> AsyncIterator[None]:
        """Wait for a place, and hold it for the body.

        `cost`: static, as `cost_of` counts it. `deadline_s`: seconds that the asker still waits; None: for ever. Raises
        BusyError where the work, which then has not begun, cannot end by then, and AbandonedError where nobody waits.
        """
        lane = self._light if cost <= LIGHT_COST else self._heavy
        async with lane.turn((asker.city, asker.organisation, asker.key_id), cost / _COST_PER_S, deadline_s, abandoned):
            yield


class _Lane:
    """Some places, and who waits for them: a tree by city, organisation and analyst, whose branches take turns."""

    def __init__(self, places: int, clock: Callable[[], float]) -> None:
        if places < 1:
            raise ValueError(f"places is {places}; below 1 nothing would run")
        self._places = places
        self._clock = clock
        self._running: set[_Job] = set()
        self._waiting: _Branch = {}
        self._waiting_s = 0.0

    @asynccontextmanager
    async def turn(
        self, path: tuple[str, str, str], cost_s: float, deadline_s: float | None, abandoned: asyncio.Event
    ) -> AsyncIterator[None]:
        job, came_at = _Job(cost_s), self._clock()
        _add(self._waiting, path, job)
        self._waiting_s += cost_s
        try:
            self._call_next()
            self._check(job, came_at, deadline_s)
            await _called(job, abandoned)
            if job.started_at > came_at:
                self._check(job, came_at, deadline_s)  # others may have come, and went first
            yield
        finally:
            if not job.called.done():
                _drop(self._waiting, path, job)
                self._waiting_s -= cost_s
            self._running.discard(job)
            self._call_next()

    def _call_next(self) -> None:
        while len(self._running) < self._places and self._waiting:
            job = _next(self._waiting)
            job.started_at = self._clock()
            job.called.set_result(None)
            self._running.add(job)
            self._waiting_s -= job.cost_s

    def _check(self, job: _Job, came_at: float, deadline_s: float | None) -> None:
        """Raise BusyError where the job cannot end in time. What need not wait is always tried."""
        waited_s = self._clock() - came_at
        if deadline_s is None or waited_s + self._longest_wait_s(job) + job.cost_s <= deadline_s:
            return
        wait_s = self._wait_s(job)
        if waited_s + wait_s > 0 and waited_s + wait_s + job.cost_s > deadline_s:
            raise BusyError(retry_after_s=max(_SOONEST_S, wait_s))

    def _longest_wait_s(self, job: _Job) -> float:
        """How long the job would wait if everybody's turn were before its own: no look at whose turn is when."""
        if job in self._running:
            return 0.0
        return (self._running_s() + self._waiting_s) / self._places

    def _wait_s(self, job: _Job) -> float:
        """How long the job will wait, by the static cost of all that runs and of those whose turn is before its own."""
        if job in self._running:
            return 0.0
        ahead_s = self._running_s()
        order = _copy(self._waiting)
        while (before := _next(order)) is not job:
            ahead_s += before.cost_s
        return ahead_s / self._places

    def _running_s(self) -> float:
        now = self._clock()
        return sum(_left_s(each, now) for each in self._running)


def _left_s(running: _Job, now: float) -> float:
    """How much longer it runs: what has taken longer than its cost says is taken to be half through."""
    took_s = now - running.started_at
    return running.cost_s - took_s if took_s < running.cost_s else took_s


async def _called(job: _Job, abandoned: asyncio.Event) -> None:
    if job.called.done():
        return
    await done_or_abandoned(job.called, abandoned)
    if not job.called.done():
        raise AbandonedError


def _add(branch: _Branch, path: tuple[str, ...], job: _Job) -> None:
    name, *rest = path
    if not rest:
        below = branch.setdefault(name, deque())
        assert isinstance(below, deque)
        below.append(job)
    else:
        below = branch.setdefault(name, {})
        assert isinstance(below, dict)
        _add(below, tuple(rest), job)


def _next(branch: _Branch) -> _Job:
    """Take out whose turn it is; the branches that they hung from are the last ones then."""
    name = next(iter(branch))
    below = branch.pop(name)
    job = below.popleft() if isinstance(below, deque) else _next(below)
    if below:
        branch[name] = below
    return job


def _drop(branch: _Branch, path: tuple[str, ...], job: _Job) -> None:
    """Take the job out, if it is there, and the branches that are bare without it."""
    name, *rest = path
    below = branch.get(name, {})
    if isinstance(below, dict):
        if below:
            _drop(below, tuple(rest), job)
    elif job in below:
        below.remove(job)
    if not below:
        branch.pop(name, None)


def _copy(branch: _Branch) -> _Branch:
    return {name: deque(below) if isinstance(below, deque) else _copy(below) for name, below in branch.items()}
