"""The routes by which each city can be asked at this moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from hansa_coordinator.relay_check import UnprovenReplyError, is_own_word
from hansa_core.errors import PeerError, RefusedError
from hansa_wire.attach.line import Line
from hansa_wire.attach.messages import MAX_HUBS, Attacher, CallKind, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.node_rpc import NodeClient

log = logging.getLogger(__name__)


class Way(Protocol):
    """One way to a city's node. `hubs`: how many other coordinators lie on it."""

    @property
    def hubs(self) -> int: ...

    async def carry(self, call: CityCall) -> Answered:
        """What the city gave, unverified. Raises as NodeClient does."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The node listens, and is called."""

    node: NodeClient
    hubs: int = 0

    async def carry(self, call: CityCall) -> Answered:
        if call.query is None or call.credential is None:
            return Answered(await self.node.describe(deadline_s=call.deadline_s), b"")
        if call.kind is CallKind.DRY_RUN:
            return Answered(await self.node.dry_run(call.query, call.credential, deadline_s=call.deadline_s), b"")
        return await self.node.ask(call.query, call.credential, deadline_s=call.deadline_s)


@dataclass(frozen=True, slots=True)
class Attached:
    """The node has attached here."""

    line: Line
    hubs: int = 0

    async def carry(self, call: CityCall) -> Answered:
        return await self.line.ask(replace(call, hubs=self.hubs))


@dataclass(frozen=True, slots=True)
class Relayed:
    """A coordinator that reaches the node has attached here.

    Raises UnprovenReplyError for what the city has not signed.
    """

    line: Line
    hubs: int
    answer_key: bytes

    async def carry(self, call: CityCall) -> Answered:
        try:
            answer = await self.line.ask(replace(call, hubs=self.hubs))
        except (RefusedError, PeerError, TimeoutError) as said:
            raise UnprovenReplyError(said) from said
        if not await asyncio.to_thread(is_own_word, answer.envelope, call, self.answer_key):
            raise UnprovenReplyError(PeerError(f"{self.line.attacher.name} brought what {call.city} has not signed"))
        return answer


class Routes:
    """The ways that there are: an AttachHandler. There are none until `follow` has told of a league.

    `changed`: told whenever what `reach` says may have changed, and which cities a peer has brought.
    """

    def __init__(self, changed: Callable[[Collection[str]], None]) -> None:
        self._answer_keys: Mapping[str, bytes] = {}
        self._dialled: Mapping[str, NodeClient] = {}
        self._changed = changed
        self._lines: dict[Attacher, Line] = {}
        self._hubs: tuple[Line, ...] = ()

    def follow(
        self, answer_keys: Mapping[str, bytes], dialled: Mapping[str, NodeClient], gone: Collection[Attacher] = ()
    ) -> None:
        """Lead to other cities from now on, and hang up on the peers that are `gone`.

        `answer_keys`: of the roster's cities. `dialled`: the nodes that listen, by city.
        """
        self._answer_keys, self._dialled = answer_keys, dialled
        for attacher in gone:
            line = self._lines.pop(attacher, None)
            if line is not None:
                line.close()
                log.info("peer left the league", extra={"peer": attacher.name})
        self._find_hubs()
        self._changed(())

    def ways(self, city: str, *, hubs: int = MAX_HUBS) -> tuple[Way, ...]:
        """The ways with at most `hubs` other coordinators on them, the shortest first."""
        ways: list[Way] = [Dialled(self._dialled[city])] if city in self._dialled else []
        if city not in self._answer_keys:
            return ()
        own = self._lines.get(Attacher(name=city, is_city=True))  # a node presents no city but its own
        lines = self._hubs if own is None else (own, *self._hubs)
        ways += [self._way(line, city) for line in lines if city in line.reach]
        return tuple(sorted((way for way in ways if way.hubs <= hubs), key=lambda way: way.hubs))

    @property
    def cities_attached(self) -> frozenset[str]:
        """The cities that an open stream leads to, straight or over other coordinators."""
        return frozenset(city for line in self._lines.values() for city in line.reach)

    @property
    def reach(self) -> Reach:
        """What this coordinator presents where it attaches itself: the cities that are attached here, at any depth."""
        nearest: dict[str, int] = {}
        for line in self._lines.values():
            for city, hubs in line.reach.items():
                if hubs < MAX_HUBS and city in self._answer_keys:
                    nearest[city] = min(hubs + 1, nearest.get(city, MAX_HUBS))
        return nearest

    def attached(self, line: Line) -> None:
        """The newest stream of a peer counts: the older one is a connection that it has given up."""
        older = self._lines.get(line.attacher)
        self._lines[line.attacher] = line
        self._find_hubs()
        if older is not None:
            older.close()
        log.info("peer attached", extra={"peer": line.attacher.name, "cities": len(line.reach)})
        self._changed(line.reach)

    def changed(self, line: Line) -> None:
        """The peer's reach has changed: what is under way goes on."""
        self._changed(line.reach)

    def detached(self, line: Line) -> None:
        """The peer is gone, unless a newer stream has taken its place."""
        if self._lines.get(line.attacher) is line:
            del self._lines[line.attacher]
            self._find_hubs()
            log.info("peer detached", extra={"peer": line.attacher.name})
            self._changed(())

    def _way(self, line: Line, city: str) -> Way:
        hubs = line.reach[city]
        return Relayed(line, hubs, self._answer_keys[city]) if hubs else Attached(line)

    def close(self) -> None:
        """Hang up on every attached peer."""
        for line in tuple(self._lines.values()):
            line.close()

    def _find_hubs(self) -> None:
        """Keep the attached coordinators apart: so a thousand attached nodes are not looked through for each city."""
        self._hubs = tuple(line for attacher, line in self._lines.items() if not attacher.is_city)
