"""Ask again where nothing comes back: the same signed query over another way, and the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from hansa_core.errors import BusyError

_ResultT = TypeVar("_ResultT")

_LOST = (ConnectionError, BusyError)

Attempt = Callable[[], Awaitable[_ResultT]]


async def first_result(
    attempts: Sequence[Attempt[_ResultT]], *, after_s: float | None, told: Callable[[], None] = lambda: None
) -> _ResultT:
    """The first result. The next attempt starts when those before it are silent for `after_s` (None: never), or lost.

    Lost means ConnectionError or BusyError; any other error counts as a result: the city has been heard. When all are
    lost, the last error is raised. `told`: called when a silent attempt gets company. What is left over is cancelled.
    """
    assert attempts
    if after_s is None:
        return await _one_by_one(attempts)
    waiting = list(attempts)
    running: set[asyncio.Future[_ResultT]] = set()
    try:
        while True:
            if waiting:
                running.add(asyncio.ensure_future(waiting.pop(0)()))
            done, running = await asyncio.wait(
                running, timeout=after_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            ends = {attempt: attempt.exception() for attempt in done}  # asyncio complains of those not looked at
            for attempt, end in ends.items():
                if not isinstance(end, _LOST):
                    return attempt.result()
            if done and not running and not waiting:
                return done.pop().result()
            if not done:
                told()
    finally:
        for attempt in running:
            attempt.cancel()
        if running:
            await asyncio.gather(*running, return_exceptions=True)


async def _one_by_one(attempts: Sequence[Attempt[_ResultT]]) -> _ResultT:
    *others, last = attempts
    for attempt in others:
        try:
            return await attempt()
        except _LOST:
            continue
    return await last()
