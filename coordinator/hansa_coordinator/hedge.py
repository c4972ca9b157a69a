"""Ask again where nothing comes back: the same signed query over another way, and the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

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
    if after_s is None or len(attempts) == 1:
        return await _one_by_one(attempts)
    return await _Hedge(attempts, after_s, told).run()


class _Hedge(Generic[_ResultT]):
    """A first attempt that is awaited as it is, and others beside it once it has been silent: most never are, and cost
    a timer."""

    def __init__(self, attempts: Sequence[Attempt[_ResultT]], after_s: float, told: Callable[[], None]) -> None:
        self._first, *self._others = attempts
        self._after_s = after_s
        self._told = told
        self._beside: asyncio.Task[_ResultT] | None = None
        self._waiting: asyncio.Timeout | None = None

    async def run(self) -> _ResultT:
        """As `first_result`."""
        silence = asyncio.get_running_loop().call_later(self._after_s, self._begin_others)
        try:
            return await self._first_or_others()
        except _LOST:
            silence.cancel()
            beside = self._beside or self._begin()
            if beside.done() and isinstance(beside.exception(), _LOST):
                raise
            return await beside
        finally:
            silence.cancel()
            if self._beside is not None:
                self._beside.cancel()
                await asyncio.gather(self._beside, return_exceptions=True)

    async def _first_or_others(self) -> _ResultT:
        """The first attempt's result, unless one of the others ends it by having one."""
        waiting = self._waiting = asyncio.timeout(None)
        try:
            async with waiting:
                return await self._first()
        except TimeoutError:
            if not waiting.expired():
                raise  # its own deadline's
            assert self._beside is not None
            return self._beside.result()
        finally:
            self._waiting = None

    def _begin_others(self) -> None:
        self._told()
        self._begin()

    def _begin(self) -> asyncio.Task[_ResultT]:
        self._beside = asyncio.create_task(first_result(self._others, after_s=self._after_s, told=self._told))
        self._beside.add_done_callback(self._others_ended)
        return self._beside

    def _others_ended(self, beside: asyncio.Task[_ResultT]) -> None:
        is_result = not beside.cancelled() and not isinstance(beside.exception(), _LOST)
        if is_result and self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


async def _one_by_one(attempts: Sequence[Attempt[_ResultT]]) -> _ResultT:
    *others, last = attempts
    for attempt in others:
        try:
            return await attempt()
        except _LOST:
            continue
    return await last()
