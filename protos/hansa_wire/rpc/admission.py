"""Admission: at most so many calls under way at once; one more is told when to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from hansa_core.errors import BusyError

BACKSTOP = 2
"""A server takes this many times the calls that are admitted, so that those beyond the limit hear why they go away."""

RETRY_AFTER_S = 1.0


class Admission:
    """At most `limit` calls at once."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit is {limit}; below 1 nobody could call")
        self._limit = limit
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Hold a place for the body. Raises BusyError where none is left."""
        if self._inside >= self._limit:
            raise BusyError(retry_after_s=RETRY_AFTER_S)
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def empty(self) -> None:
        """Wait until nobody is inside."""
        await self._empty.wait()
