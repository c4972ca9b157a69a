"""Hedged calls: where nothing comes back the same signed query goes another way, and the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hansa_coordinator.routes import Way
from hansa_core.errors import BusyError
from hansa_wire.attach.messages import CityCall
from hansa_wire.codec.answered import Answered

_LOST = (ConnectionError, BusyError)


class CallListener(Protocol):
    """Hears how a call to a city goes on."""

    def goes_on(self, code: str, detail: str) -> None:
        """A code and a sentence about a call that has not ended."""


@dataclass(frozen=True, slots=True)
class HedgeRule:
    """How long a city may be silent before it is asked another way, and who hears of it."""

    after_s: float
    listener: CallListener

    def hedged(self) -> None:
        """Tell that a silent call gets company."""
        self.listener.goes_on("hedged", f"no answer for {self.after_s:g} s: asked once more with the same signed query")


async def first_answer(ways: Sequence[Way], call: CityCall, rule: HedgeRule | None) -> Answered:
    """The first answer. The next way is tried when those before it are silent as long as the rule says (without one:
    never), or lost.

    Lost means ConnectionError or BusyError; any other error counts as an answer: the city has been heard. When all
    ways are lost, the last error is raised. What is left over is cancelled.
    """
    assert ways
    if rule is None or len(ways) == 1:
        return await _one_by_one(ways, call)
    return await _Hedge(ways, call, rule).run()


class _Hedge:
    """A first way that is awaited as it is, and others beside it once it has been silent: most never are, and cost a
    timer."""

    def __init__(self, ways: Sequence[Way], call: CityCall, rule: HedgeRule) -> None:
        self._first, *self._others = ways
        self._call = call
        self._rule = rule
        self._beside: asyncio.Task[Answered] | None = None
        self._waiting: asyncio.Timeout | None = None

    async def run(self) -> Answered:
        """As `first_answer`."""
        silence = asyncio.get_running_loop().call_later(self._rule.after_s, self._begin_others)
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

    async def _first_or_others(self) -> Answered:
        """The first way's answer, unless one of the others ends it by having one."""
        waiting = self._waiting = asyncio.timeout(None)
        try:
            async with waiting:
                return await self._first.carry(self._call)
        except TimeoutError:
            if not waiting.expired():
                raise  # its own deadline's
            assert self._beside is not None
            return self._beside.result()
        finally:
            self._waiting = None

    def _begin_others(self) -> None:
        self._rule.hedged()
        self._begin()

    def _begin(self) -> asyncio.Task[Answered]:
        self._beside = asyncio.create_task(first_answer(self._others, self._call, self._rule))
        self._beside.add_done_callback(self._others_ended)
        return self._beside

    def _others_ended(self, beside: asyncio.Task[Answered]) -> None:
        is_answer = not beside.cancelled() and not isinstance(beside.exception(), _LOST)
        if is_answer and self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())


async def _one_by_one(ways: Sequence[Way], call: CityCall) -> Answered:
    *others, last = ways
    for way in others:
        try:
            return await way.carry(call)
        except _LOST:
            continue
    return await last.carry(call)
