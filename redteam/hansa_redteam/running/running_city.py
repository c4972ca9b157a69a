"""A city's node in this process: the shipped parts put together as `hansa node serve` does, without its signals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta

from hansa_local.clock import utc_now
from hansa_local.trust_anchor import load_roster
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig
from hansa_node.app.declared import read_all_declared
from hansa_node.app.identity import member_of, read_identity
from hansa_node.app.log_keeper import log_keeper
from hansa_node.app.policy_file import read_policy
from hansa_node.app.running_node import RunningNode
from hansa_node.clock import fresh_nonce
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_stop import task_group
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.engine_queue import engine_places
from hansa_node.pipeline.workers import Workers
from hansa_node.witnessing.status import WitnessStatus

_PATIENCE_S = 60.0
_POLL_S = 0.01


@asynccontextmanager
async def running_city(config: NodeConfig) -> AsyncIterator[NodeContext]:
    """The node, from when its port takes calls until the block ends."""
    roster = load_roster(config, utc_now())
    member = member_of(roster, config)
    identity = read_identity(config, member)
    with (
        closing(ServedDatasets(read_all_declared(config, roster))) as datasets,
        closing(NodeStore.open(config.store, log_identity(member, identity.log_signer))) as store,
    ):
        context = NodeContext(
            city=config.city,
            league=CurrentLeague(LeagueInForce(city=config.city, roster=roster)),
            policy=store.published_policy(read_policy(config.policy)),
            signer=identity.answer_signer,
            datasets=datasets,
            store=store,
            clock=utc_now,
            fresh_nonce=fresh_nonce,
            witnesses=WitnessStatus(max_unwitnessed=timedelta(seconds=config.log.max_unwitnessed_s)),
        )
        async with (
            log_keeper(config, context, identity) as keeper,
            Workers.opened(steps=config.limits.max_concurrent_queries, engines=2 * engine_places()) as workers,
            task_group() as tasks,
        ):
            running = tasks.create_task(RunningNode(config, context, identity, keeper, workers).run())
            await _listening(config, running)
            try:
                yield context
            finally:
                context.stop.request()


async def _listening(config: NodeConfig, running: asyncio.Task[None]) -> None:
    """Wait until the node's port is open. Raises what ended the node, if it ended."""
    async with asyncio.timeout(_PATIENCE_S):
        while not running.done():
            try:
                _, writer = await asyncio.open_connection(config.listen.host, config.listen.port)
            except OSError:
                await asyncio.sleep(_POLL_S)
                continue
            writer.close()
            await writer.wait_closed()
            return
        await running
