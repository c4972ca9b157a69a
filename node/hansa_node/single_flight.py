"""Who may run while another runs? The same work is done once for all who wait; rivals for one name take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

_ResultT = TypeVar("_ResultT")


class SingleFlight(Generic[_ResultT]):
    """Runs one piece of work at a time under each key; whoever comes meanwhile gets its result or its error.

    A caller who gives up does not stop it: what has been charged runs to its end, and its stored answer serves the
    caller's next attempt.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[_ResultT]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, _ResultT]]) -> _ResultT:
        """The result of the work under `key`, which is started unless it is under way."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(start())
            flight.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(flight)

    async def all_landed(self) -> None:
        """Wait until nothing is under way."""
        while self._flights:
            await asyncio.wait(tuple(self._flights.values()))

    def _land(self, key: Hashable, flight: asyncio.Task[_ResultT]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # looked at, so that nobody prints an error whose text may carry a value


class Turns:
    """One holder at a time of each key."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for the key, hold it for the body, and forget it when nobody waits."""
        lock, holders = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, holders + 1)
        try:
            async with lock:
                yield
        finally:
            lock, holders = self._locks[key]
            if holders == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, holders - 1)
