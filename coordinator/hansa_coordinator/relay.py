"""The coordinator's calls: find the addressed cities, carry the envelopes, keep nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from hansa_coordinator.carrier import Carrier
from hansa_coordinator.fan_out import fan_out
from hansa_coordinator.hedge import CallListener
from hansa_core.errors import PeerError
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope
from hansa_wire.attach.messages import CallKind, CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_DESCRIPTION_BYTES
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.codec.query_codec import decode_query
from hansa_wire.rpc.admission import Admission

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedCall:
    """What one city is asked, and who carries it there."""

    carrier: Carrier
    city: str
    kind: CallKind
    query: Envelope | None = None
    credential: Envelope | None = None

    async def ask(self, left_s: float, listener: CallListener) -> Answered:
        """What the city gave, unverified. Raises as `Carrier.carry`, and PeerError for what no message could hold."""
        deadline_s = max(left_s, 0.001)
        call = CityCall(
            city=self.city, kind=self.kind, query=self.query, credential=self.credential, deadline_s=deadline_s
        )
        answer = await self.carrier.carry(call, listener)
        if self.kind is CallKind.DESCRIBE and len(answer.envelope.payload) > MAX_DESCRIPTION_BYTES:
            # All cities' descriptions share one message, which it would burst.
            raise PeerError(f"{self.city}: a description has at most {MAX_DESCRIPTION_BYTES:,} bytes")
        return answer


class Relay:
    """Carries calls to the member cities; there are none until `follow` has named them.

    `questions`: how many are carried at once.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        questions: Admission,
        max_concurrency: int,
        max_deadline_s: float,
    ) -> None:
        self._cities: tuple[str, ...] = ()
        self._carrier = carrier
        self._questions = questions
        self._max_concurrency = max_concurrency
        self._max_deadline_s = max_deadline_s

    def follow(self, cities: tuple[str, ...]) -> None:
        """The member cities from the next question on, in the roster's order; one under way keeps to its own."""
        self._cities = cities

    async def catalogue(self, deadline_s: float) -> tuple[CityEvent, ...]:
        """The last event of each city, in the roster's order; the answers are signed descriptions. Raises BusyError."""
        with self._questions.entered():
            return await self._describe_all(deadline_s)

    async def ask(self, query: Envelope, credential: Envelope, deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        """What becomes of the query at each addressed city. Raises BusyError, and PeerError or RefusedError on an
        unreadable query."""
        with self._questions.entered():
            async with aclosing(self._ask_all(query, credential, deadline_s)) as events:
                async for event in events:
                    yield event

    async def _describe_all(self, deadline_s: float) -> tuple[CityEvent, ...]:
        last: dict[str, CityEvent] = {}
        cities = self._cities
        calls = {city: CarriedCall(carrier=self._carrier, city=city, kind=CallKind.DESCRIBE) for city in cities}
        async with aclosing(self._carry(calls, deadline_s)) as events:
            async for event in events:
                last[event.city] = event
        return tuple(last[city] for city in cities)

    async def _ask_all(
        self, query: Envelope, credential: Envelope, deadline_s: float
    ) -> AsyncGenerator[CityEvent, None]:
        """The query is opened for the names of the cities alone. Its signature is for the nodes to check."""
        if query.payload_type not in (payload_types.QUERY, payload_types.DRY_RUN):
            raise PeerError("query: the envelope carries neither a query nor a dry run")
        dry = query.payload_type == payload_types.DRY_RUN
        kind = CallKind.DRY_RUN if dry else CallKind.ASK
        calls: dict[str, CarriedCall] = {}
        ends: Counter[str] = Counter()
        members = frozenset(self._cities)
        for city in decode_query(query.payload).cities:
            if city in members:
                calls[city] = CarriedCall(
                    carrier=self._carrier, city=city, kind=kind, query=query, credential=credential
                )
            else:
                ends[CityState.FAILED] += 1
                yield CityEvent(city=city, state=CityState.FAILED, code="not_a_member", detail="no city of this league")
        async with aclosing(self._carry(calls, deadline_s)) as events:
            async for event in events:
                if event.state is not CityState.ASKED:
                    ends[event.state] += 1
                yield event
        told = ", ".join(f"{end} {count}" for end, count in sorted(ends.items()))
        log.info("dry run carried" if dry else "question carried", extra={"ends": told})

    def _carry(self, calls: Mapping[str, CarriedCall], deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        return fan_out(calls, deadline_s=min(deadline_s, self._max_deadline_s), max_concurrency=self._max_concurrency)
