"""City events that have happened and were not delivered to the analyst yet."""

from __future__ import annotations

import asyncio

from hansa_wire.codec.progress import CityEvent, CityState


class UndeliveredEvents:
    """Events that wait for their listener, city by city.

    Once a city's end is known, that it was asked is no news: when many cities answer at once, the stream that carries
    their answers carries little else.
    """

    def __init__(self) -> None:
        self._by_city: dict[str, list[CityEvent]] = {}
        self._stirred = asyncio.Event()
        self._closed = False

    def add(self, event: CityEvent) -> None:
        """Take in what has happened."""
        events = self._by_city.setdefault(event.city, [])
        if event.state is not CityState.ASKED:
            events.clear()
        events.append(event)
        self._stirred.set()

    def close(self) -> None:
        """Nothing more will happen."""
        self._closed = True
        self._stirred.set()

    async def next(self) -> list[CityEvent] | None:
        """The events of the city that has waited longest, in their order; None when all are told and it is closed."""
        while not self._by_city:
            if self._closed:
                return None
            self._stirred.clear()
            await self._stirred.wait()
        return self._by_city.pop(next(iter(self._by_city)))
