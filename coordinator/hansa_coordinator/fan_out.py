"""Asks many cities at once under one deadline, so that each of them ends in a state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from hansa_coordinator.carrier import CircuitOpenError
from hansa_coordinator.claims import refusal_in
from hansa_coordinator.hedge import CallListener
from hansa_coordinator.undelivered import UndeliveredEvents
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_local.task_groups import plain_task_group
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState

log = logging.getLogger(__name__)

TOLD_AFTER_S = 0.1
"""Seconds until the first word of cities that have not ended. Nobody sees a city that was asked for a shorter time, and
each word costs about as much as an answer."""


class Askable(Protocol):
    """A city with what it is asked."""

    async def ask(self, left_s: float, listener: CallListener) -> Answered:
        """What the city gave, unverified. `left_s`: until the deadline. `listener`: hears while it goes on."""


async def fan_out(
    calls: Mapping[str, Askable], *, deadline_s: float, max_concurrency: int
) -> AsyncGenerator[CityEvent, None]:
    """Each city's ASKED, where it takes longer than TOLD_AFTER_S, and its last event, as they happen. Closing the
    iterator cancels what is still under way.

    At most `max_concurrency` cities are asked at once; whoever waits for a turn waits under the same deadline.
    """
    undelivered = UndeliveredEvents()
    telling = asyncio.get_running_loop().call_later(TOLD_AFTER_S, undelivered.tell_going_on)
    asking = asyncio.create_task(_ask_all(calls, deadline_s, asyncio.Semaphore(max_concurrency), undelivered))
    asking.add_done_callback(lambda _: undelivered.close())
    try:
        while (events := await undelivered.next()) is not None:
            for event in events:
                yield event
        await asking
    finally:
        telling.cancel()
        asking.cancel()
        await asyncio.wait([asking])


async def _ask_all(
    calls: Mapping[str, Askable], deadline_s: float, turns: asyncio.Semaphore, undelivered: UndeliveredEvents
) -> None:
    start = asyncio.get_running_loop().time()
    async with plain_task_group() as group:
        for city, call in calls.items():
            group.create_task(_City(city, undelivered, start, deadline_s).ask(call, turns))


class _City:
    """One city of a fan-out, from its asking to its end. `start`: of the fan-out, on the loop's clock."""

    def __init__(self, city: str, undelivered: UndeliveredEvents, start: float, deadline_s: float) -> None:
        self._city = city
        self._undelivered = undelivered
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._deadline_s = deadline_s

    async def ask(self, call: Askable, turns: asyncio.Semaphore) -> None:
        """Ask the city, and tell how it ended, whatever that is."""
        end = self._start + self._deadline_s
        try:
            async with asyncio.timeout_at(end), turns:
                self._tell(CityState.ASKED)
                answer = await call.ask(end - self._loop.time(), self)
                refusal = refusal_in(answer.envelope)
        except TimeoutError:
            self._tell(CityState.TIMED_OUT, detail=f"no answer within {self._deadline_s:g} s")
        except CircuitOpenError as spared:
            self._tell(CityState.UNREACHABLE, "circuit_open", str(spared))
        except BusyError as busy:
            self._tell(CityState.UNREACHABLE, "busy", str(busy))
        except ConnectionError as lost:
            self._tell(CityState.UNREACHABLE, detail=str(lost))
        except RefusedError as refused:
            self._tell(CityState.REFUSED, refused.code, f"{refused.rule}; {refused.remedy}")
        except PeerError as broken:
            self._tell(CityState.FAILED, "peer_error", str(broken))
        except Exception as failure:  # noqa: BLE001  however one city fails, the others are asked on
            log.error("city failed", extra={"city": self._city, "error": type(failure).__name__})  # noqa: TRY400  no traceback
            self._tell(CityState.FAILED, "peer_error", "the call to the city failed; the coordinator's log says how")
        else:
            if refusal is None:
                self._tell(CityState.ANSWERED, answer=answer)
            else:
                self._tell(CityState.REFUSED, refusal.code, f"{refusal.rule}; {refusal.remedy}", answer)

    def goes_on(self, code: str, detail: str) -> None:
        """A call that has not ended: by CallListener."""
        self._tell(CityState.ASKED, code, detail)

    def _tell(self, state: CityState, code: str = "", detail: str = "", answer: Answered | None = None) -> None:
        event = CityEvent(
            city=self._city,
            state=state,
            code=code,
            detail=detail,
            elapsed_ms=round(1000 * (self._loop.time() - self._start)),
            answer=None if answer is None else answer.envelope,
            receipt=b"" if answer is None else answer.receipt,
        )
        self._undelivered.add(event)
