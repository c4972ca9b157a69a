"""City events that have happened and were not delivered to the analyst yet."""

from __future__ import annotations

import asyncio
from collections import deque

from hansa_wire.codec.progress import CityEvent, CityState


class UndeliveredEvents:
    """Events that wait for their listener: the cities' ends, and until then what is told of those that were asked.

    Once a city's end is known, that it was asked is no news: when cities answer at once, the stream that carries their
    answers carries nothing else.
    """

    def __init__(self) -> None:
        self._ends: deque[CityEvent] = deque()
        self._going_on: dict[str, list[CityEvent]] = {}
        self._tells_going_on = False
        self._stirred = asyncio.Event()
        self._closed = False

    def add(self, event: CityEvent) -> None:
        """Take in what has happened."""
        if event.state is CityState.ASKED:
            self._going_on.setdefault(event.city, []).append(event)
        else:
            self._going_on.pop(event.city, None)
            self._ends.append(event)
        self._stirred.set()

    def tell_going_on(self) -> None:
        """Tell from now on also of cities that have not ended."""
        self._tells_going_on = True
        self._stirred.set()

    def close(self) -> None:
        """Nothing more will happen."""
        self._closed = True
        self._stirred.set()

    async def next(self) -> list[CityEvent] | None:
        """A city's end, or else the events of the city that was asked first, in their order; None when all are told
        and it is closed."""
        while True:
            if self._ends:
                return [self._ends.popleft()]
            if self._going_on and self._tells_going_on:
                return self._going_on.pop(next(iter(self._going_on)))
            if self._closed:
                return None
            self._stirred.clear()
            await self._stirred.wait()
