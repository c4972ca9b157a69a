"""Asks one city over the routes that exist, without waiting long for one that is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from hansa_coordinator.breaker import Breaker, BreakerRule
from hansa_coordinator.hedge import CallListener, HedgeRule, first_answer
from hansa_coordinator.relay_check import UnprovenReplyError
from hansa_coordinator.routes import Routes, Way
from hansa_core.errors import BusyError, PeerError, RefusedError
from hansa_wire.attach.messages import CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.replies import GarbledReplyError
from hansa_wire.rpc.status import PeerUnreachableError

log = logging.getLogger(__name__)

SILENT_S = 10.0
"""Seconds of silence that speak against a city. An asker with a short deadline proves nothing about it."""


class CircuitOpenError(PeerUnreachableError):
    """The city was not asked: it could not be reached several times in a row, and is left alone for a while."""


class Carrier:
    """Carries calls to cities. `hedge_after_s`: how long a city may be silent before it is asked another way.

    `clock`: seconds, never backwards.
    """

    def __init__(self, routes: Routes, *, hedge_after_s: float, rule: BreakerRule, clock: Callable[[], float]) -> None:
        self._routes = routes
        self._hedge_after_s = hedge_after_s
        self._clock = clock
        self._closed = Breaker(rule=rule)
        self._breakers: dict[str, Breaker] = {}

    async def carry(self, call: CityCall, listener: CallListener) -> Answered:
        """What the city gave, unverified. Raises as NodeClient does; UnreachableError where no way leads there."""
        ways = self._ways(call, self._routes.ways(call.city))
        if len(ways) == 1:  # a silent connection is not helped by a second call on it; a broken one is made again
            return await self._over(ways * 2, call, None)
        return await self._over(ways, call, HedgeRule(self._hedge_after_s, listener))

    async def answer(self, call: CityCall) -> Answered:
        """Answer a coordinator that asks through this one: on a way that is shorter than its own. It hedges itself."""
        return await self._over(self._ways(call, self._routes.ways(call.city, hubs=call.hubs - 1)), call, None)

    def came(self, cities: Collection[str]) -> None:
        """A connection that reaches these cities was made: what failed before says nothing any more."""
        for city in cities:
            self._breakers.pop(city, None)

    def _ways(self, call: CityCall, ways: tuple[Way, ...]) -> tuple[Way, ...]:
        if not ways:
            raise PeerUnreachableError(f"{call.city} does not listen, and is not attached")
        return ways

    async def _over(self, ways: tuple[Way, ...], call: CityCall, rule: HedgeRule | None) -> Answered:
        began = self._clock()
        breaker = self._breaker(call.city)
        if not breaker.permits(began):
            again_s = max(1, round(breaker.wait_s(began)))
            raise CircuitOpenError(f"{call.city} could not be reached several times in a row; try again in {again_s} s")
        self._breakers[call.city] = breaker.asked(began, min(call.deadline_s, SILENT_S))
        try:
            answer = await first_answer(ways, call, rule)
        except GarbledReplyError as garbled:
            log.warning("city gave back what cannot be read", extra={"city": call.city, "reason": str(garbled)})
            self._breakers[call.city] = self._breaker(call.city).failed(self._clock())
            raise
        except (RefusedError, PeerError, BusyError):
            self._breakers[call.city] = self._breaker(call.city).succeeded()
            raise
        except UnprovenReplyError as unproven:  # no proof that the city was heard, nor that it is gone
            self._breakers[call.city] = self._breaker(call.city).let_go()
            raise unproven.said from None
        except ConnectionError as lost:
            self._breakers[call.city] = self._breaker(call.city).failed(self._clock())
            raise PeerUnreachableError(str(lost)) from lost
        except (TimeoutError, asyncio.CancelledError):
            # Out of time, here or at the asker's end.
            now, breaker = self._clock(), self._breaker(call.city)
            self._breakers[call.city] = breaker.failed(now) if now - began >= SILENT_S else breaker.let_go()
            raise
        except Exception:
            self._breakers[call.city] = self._breaker(call.city).failed(self._clock())
            raise
        self._breakers[call.city] = self._breaker(call.city).succeeded()
        return answer

    def _breaker(self, city: str) -> Breaker:
        return self._breakers.get(city, self._closed)
