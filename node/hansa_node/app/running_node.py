"""A running node: what answers, what goes on beside it, and the order in which they begin and end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any

from hansa_local.free_memory import keep_giving_back_memory
from hansa_local.status_socket import status_served
from hansa_node import __version__
from hansa_node.app.config import NodeConfig
from hansa_node.app.connections import Connections, Listener
from hansa_node.app.data_check import keep_checked
from hansa_node.app.expiring import NodeExpiry
from hansa_node.app.health import NodeHealth
from hansa_node.app.identity import Identity
from hansa_node.app.league_follower import LOOK_EVERY_S, LeagueFollower
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.app.node_calls import NodeCalls
from hansa_node.context import NodeContext
from hansa_node.node_stop import task_group
from hansa_node.pipeline.workers import Workers
from hansa_wire.rpc.admission import BACKSTOP, Admission

log = logging.getLogger(__name__)

_CALLS_PER_QUERY = 32  # calls that may be in the house for each query that runs; more are told to come back later


class RunningNode:
    """A node whose store, data and log are open."""

    def __init__(
        self,
        config: NodeConfig,
        context: NodeContext,
        identity: Identity,
        keeper: LogKeeper,
        workers: Workers,
    ) -> None:
        self._config = config
        self._context = context
        self._identity = identity
        self._keeper = keeper
        self._max_calls = config.limits.max_concurrent_queries * _CALLS_PER_QUERY
        self._follower = LeagueFollower(config, context, keeper.status, workers.steps)
        self._calls = NodeCalls(
            context,
            workers,
            admission=Admission(self._max_calls),
            status=keeper.status,
            follower=self._follower,
        )

    async def run(self) -> None:
        """Answer until the node has to end, then finish what is under way. Raises ConfigError, ForkError."""
        connections = await self._connections()
        health = NodeHealth(self._config, self._context, self._identity, connections.attached_now)
        async with status_served(self._config.status_socket, health.look):
            await self._serve(connections)

    async def _serve(self, connections: Connections) -> None:
        if not self._keeper.waits:
            await self._keeper.begin()  # so that the first question finds the log open, and only once the port is had
        async with task_group() as tasks:
            beside = [tasks.create_task(work) for work in self._beside(connections)]
            await self._answer(connections)
            for task in beside:
                task.cancel()
        log.info("node stopped", extra={"city": self._context.city})

    async def _connections(self) -> Connections:
        """With the port, if the node listens, but closed yet: nobody is answered."""
        config, listener = self._config, None
        if config.listen.enabled:
            most = BACKSTOP * self._max_calls
            listener = await Listener.bound(config, self._context, self._identity, self._calls, max_calls=most)
        return Connections(config, self._context, self._identity, self._calls, listener)

    def _beside(self, connections: Connections) -> Iterator[Coroutine[Any, Any, None]]:
        """What goes on as long as questions are answered; what the node cannot do without ends it with its error."""
        guard = self._context.stop.guard
        yield guard(self._keeper.run())
        yield guard(keep_checked(self._context.datasets))
        yield guard(self._follow_league(connections))
        yield NodeExpiry(self._config, self._context, self._identity).watch()
        yield keep_giving_back_memory()

    async def _answer(self, connections: Connections) -> None:
        """Take questions until the node has to end, and finish those that are under way."""
        await connections.open(self._context.league.now.roster)
        fields: dict[str, object] = {"city": self._context.city, "version": __version__}
        if connections.listener is not None:
            fields |= {"host": self._config.listen.host, "port": connections.listener.port}
        log.info("node started", extra=fields)
        await self._context.stop.wait()
        await connections.close()
        await self._calls.all_answered()

    async def _follow_league(self, connections: Connections) -> None:
        """Look at the roster file every second, until cancelled: for peers that have nothing to ask."""
        followed = self._context.league.now
        while True:
            await self._follower.look()
            if self._context.league.now is not followed:
                followed = self._context.league.now
                connections.follow(followed.roster)
            await asyncio.sleep(LOOK_EVERY_S)
