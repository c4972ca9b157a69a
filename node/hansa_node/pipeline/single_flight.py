"""Shared and exclusive work: equal calls share one run, and holders of one key take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

_ResultT = TypeVar("_ResultT")


class Flight(Generic[_ResultT]):
    """One piece of work, and its callers.

    `waiting`: how many of them wait for `landed`. `abandoned`: set when the last of them has gone.
    """

    def __init__(self) -> None:
        self.abandoned = asyncio.Event()
        self.waiting = 0
        self.landed: asyncio.Future[_ResultT] = asyncio.get_running_loop().create_future()

    async def result(self) -> _ResultT:
        """Wait for the result of the work. Raises its error."""
        self.waiting += 1
        try:
            return await asyncio.shield(self.landed)
        finally:
            self.waiting -= 1
            if not self.waiting and not self.landed.done():
                self.abandoned.set()


class SingleFlight(Generic[_ResultT]):
    """Runs one piece of work at a time under each key; whoever comes meanwhile gets its result or its error.

    A caller who gives up does not stop it for the others. When all have, it is told, and decides where it can stop:
    what is being committed is not torn apart. `tasks`: owns the work, and outlives every caller.
    """

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._flights: dict[Hashable, Flight[_ResultT]] = {}

    async def under_way(self, key: Hashable) -> Flight[_ResultT] | None:
        """The work under `key`; None where there is none: then the caller begins it before it awaits anything."""
        while (flight := self._flights.get(key)) is not None and flight.abandoned.is_set():
            await asyncio.wait([flight.landed])  # it stops without a result: this caller starts anew
        return flight

    def begin(self, key: Hashable, flight: Flight[_ResultT], work: Coroutine[Any, Any, _ResultT]) -> None:
        """Let the flight's work go on under `key` until it has ended. It looks at the flight's `abandoned`."""
        self._flights[key] = flight
        self._tasks.create_task(self._fly(key, flight, work))

    async def all_landed(self) -> None:
        """Wait until nothing is under way."""
        while self._flights:
            await asyncio.wait([flight.landed for flight in self._flights.values()])

    async def _fly(self, key: Hashable, flight: Flight[_ResultT], work: Coroutine[Any, Any, _ResultT]) -> None:
        """Do the work. Its error is its callers', not that of the group, which others' work is in."""
        try:
            flight.landed.set_result(await work)
        except Exception as error:  # noqa: BLE001  each caller gets it
            flight.landed.set_exception(error)
            flight.landed.exception()  # looked at, so that nobody prints an error whose text may carry a value
        finally:
            flight.landed.cancel()  # nothing, unless the owner has cancelled the work
            del self._flights[key]


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
