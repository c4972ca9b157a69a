"""How is one city asked, over the ways that there are?"""

from __future__ import annotations

from hansa_coordinator.routes import Routes, Way
from hansa_core.trust.dsse import Envelope
from hansa_wire.attach import MAX_HUBS, CityCall
from hansa_wire.status import UnreachableError


class Carrier:
    """Carries calls to cities over the shortest way that works."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    async def carry(self, call: CityCall) -> Envelope:
        """What the city signed, unverified. Raises as NodeClient does; UnreachableError where no way leads there."""
        return await self._over(self._routes.ways(call.city, hubs=MAX_HUBS), call)

    async def relay(self, call: CityCall) -> Envelope:
        """Answer a coordinator that asks through this one: on a way that is shorter than its own."""
        return await self._over(self._routes.ways(call.city, hubs=call.hubs - 1), call)

    async def _over(self, ways: tuple[Way, ...], call: CityCall) -> Envelope:
        lost = UnreachableError(f"{call.city} has no address, and is not attached")
        for way in ways:
            try:
                return await way.carry(call)
            except ConnectionError as gone:
                lost = UnreachableError(str(gone))
        raise lost
