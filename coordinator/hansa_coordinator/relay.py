"""What the coordinator does with a call: find the addressed cities, carry the envelopes, keep nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol

from hansa_coordinator.fan_out import Call, fan_out
from hansa_core.errors import PeerError
from hansa_core.trust import payload_types
from hansa_core.trust.dsse import Envelope
from hansa_wire.progress import CityEvent, CityState
from hansa_wire.query_codec import decode_query

log = logging.getLogger(__name__)


class Node(Protocol):
    """A city's node at the other end of a warm channel."""

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Envelope:
        """The signed answer."""

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Envelope:
        """The signed dry-run report."""

    async def describe(self, *, deadline_s: float) -> Envelope:
        """The signed description."""


class Relay:
    """Carries calls to the member cities. `nodes`: by city, in the roster's order."""

    def __init__(self, nodes: Mapping[str, Node], *, max_concurrency: int, max_deadline_s: float) -> None:
        self._nodes = nodes
        self._max_concurrency = max_concurrency
        self._max_deadline_s = max_deadline_s

    async def catalogue(self, deadline_s: float) -> tuple[CityEvent, ...]:
        """The last event of each city, in the roster's order; the answers are signed descriptions."""
        last: dict[str, CityEvent] = {}
        async with aclosing(self._carry({city: _describe(node) for city, node in self._nodes.items()}, deadline_s)) as (
            events
        ):
            async for event in events:
                last[event.city] = event
        return tuple(last[city] for city in self._nodes)

    async def ask(self, query: Envelope, credential: Envelope, deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        """What becomes of the query at each addressed city. Raises PeerError or RefusedError on an unreadable query.

        The query is opened for the names of the cities alone. Its signature is for the nodes to check.
        """
        if query.payload_type not in (payload_types.QUERY, payload_types.DRY_RUN):
            raise PeerError("query: the envelope carries neither a query nor a dry run")
        dry = query.payload_type == payload_types.DRY_RUN
        calls: dict[str, Call] = {}
        ends: Counter[str] = Counter()
        for city in decode_query(query.payload).cities:
            if city in self._nodes:
                calls[city] = _ask(self._nodes[city], query, credential, dry=dry)
            else:
                ends[CityState.FAILED] += 1
                yield CityEvent(city=city, state=CityState.FAILED, code="not_a_member", detail="no city of this league")
        async with aclosing(self._carry(calls, deadline_s)) as events:
            async for event in events:
                if event.state is not CityState.ASKED:
                    ends[event.state] += 1
                yield event
        log.info("dry run carried" if dry else "question carried", extra={"ends": dict(ends)})

    def _carry(self, calls: Mapping[str, Call], deadline_s: float) -> AsyncGenerator[CityEvent, None]:
        return fan_out(calls, deadline_s=min(deadline_s, self._max_deadline_s), max_concurrency=self._max_concurrency)


def _describe(node: Node) -> Call:
    return lambda left_s: node.describe(deadline_s=left_s)


def _ask(node: Node, query: Envelope, credential: Envelope, *, dry: bool) -> Call:
    call = node.dry_run if dry else node.ask
    return lambda left_s: call(query, credential, deadline_s=left_s)
