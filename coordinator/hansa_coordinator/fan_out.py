"""Asks many cities at once under one deadline, so that each of them ends in a state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial

from hansa_coordinator.carrier import CircuitOpenError, Told
from hansa_coordinator.claims import refusal_in
from hansa_coordinator.undelivered import UndeliveredEvents
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_local.task_groups import plain_task_group
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState

log = logging.getLogger(__name__)

TOLD_AFTER_S = 0.1
"""Seconds until the first word of cities that have not ended. Nobody sees a city that was asked for a shorter time, and
each word costs about as much as an answer."""

Call = Callable[[float, Told], Awaitable[Answered]]
"""Asks one city. Given how many seconds are left, and whom to tell while it goes on."""


async def fan_out(
    calls: Mapping[str, Call], *, deadline_s: float, max_concurrency: int
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
    calls: Mapping[str, Call], deadline_s: float, turns: asyncio.Semaphore, undelivered: UndeliveredEvents
) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def ask(city: str, call: Call) -> None:
        def tell(state: CityState, code: str = "", detail: str = "", answer: Answered | None = None) -> None:
            event = CityEvent(
                city=city,
                state=state,
                code=code,
                detail=detail,
                elapsed_ms=round(1000 * (loop.time() - start)),
                answer=None if answer is None else answer.envelope,
                receipt=b"" if answer is None else answer.receipt,
            )
            undelivered.add(event)

        try:
            async with asyncio.timeout_at(start + deadline_s), turns:
                tell(CityState.ASKED)
                answer = await call(start + deadline_s - loop.time(), partial(tell, CityState.ASKED))
                refusal = refusal_in(answer.envelope)
        except TimeoutError:
            tell(CityState.TIMED_OUT, detail=f"no answer within {deadline_s:g} s")
        except CircuitOpenError as spared:
            tell(CityState.UNREACHABLE, "circuit_open", str(spared))
        except BusyError as busy:
            tell(CityState.UNREACHABLE, "busy", str(busy))
        except ConnectionError as lost:
            tell(CityState.UNREACHABLE, detail=str(lost))
        except RefusedError as refused:
            tell(CityState.REFUSED, refused.code, f"{refused.rule}; {refused.remedy}")
        except PeerError as broken:
            tell(CityState.FAILED, "peer_error", str(broken))
        except Exception as failure:  # noqa: BLE001  however one city fails, the others are asked on
            log.error("city failed", extra={"city": city, "error": type(failure).__name__})  # noqa: TRY400  no traceback
            tell(CityState.FAILED, "peer_error", "the call to the city failed; the coordinator's log says how")
        else:
            if refusal is None:
                tell(CityState.ANSWERED, answer=answer)
            else:
                tell(CityState.REFUSED, refusal.code, f"{refusal.rule}; {refusal.remedy}", answer)

    async with plain_task_group() as group:
        for city, call in calls.items():
            group.create_task(ask(city, call))
