"""The node's process: it checks and opens what it stands on, runs until it is told to stop, and closes it again."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import closing
from datetime import datetime, timedelta

from hansa_core.league.roster import Roster
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import load_roster
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig
from hansa_node.app.declared import read_all_declared
from hansa_node.app.identity import Identity, attached_coordinators, member_of, read_identity
from hansa_node.app.log_keeper import log_keeper
from hansa_node.app.policy_file import read_policy
from hansa_node.app.resources import resources_of
from hansa_node.app.running_node import RunningNode
from hansa_node.clock import fresh_nonce
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.engine_queue import engine_places
from hansa_node.pipeline.workers import Workers
from hansa_node.witnessing.status import WitnessStatus

log = logging.getLogger(__name__)


async def serve(config: NodeConfig) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError before anything is served, and what forced the node to end."""
    tell_of_shortage(config)
    now = utc_now()
    roster = load_roster(config, now)
    identity = _identity(config, roster, now)
    policy = read_policy(config.policy)
    league = LeagueInForce(city=config.city, roster=roster)
    with (
        closing(ServedDatasets(read_all_declared(config, roster))) as datasets,
        closing(_open_store(config, roster, identity)) as store,
    ):
        store.check_roster(league.roster_ref)  # before anybody is let in whom a later one has shut out
        context = NodeContext(
            city=config.city,
            league=CurrentLeague(league),
            policy=store.published_policy(policy),
            signer=identity.answer_signer,
            datasets=datasets,
            store=store,
            clock=utc_now,
            fresh_nonce=fresh_nonce,
            witnesses=WitnessStatus(max_unwitnessed=timedelta(seconds=config.log.max_unwitnessed_s)),
        )
        await _run(config, context, identity)


def tell_of_shortage(config: NodeConfig) -> None:
    """A warning for each resource of which the machine has less than a node needs."""
    for found in resources_of(config):
        if found.is_short:
            log.warning("resources are short", extra={"what": found.name, "has": found.text, "remedy": found.remedy})


async def _run(config: NodeConfig, context: NodeContext, identity: Identity) -> None:
    """Until a signal, or until a fatal error, which is raised here, in its own type, whichever task met it."""
    async with log_keeper(config, context, identity) as keeper:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, context.stop.request)
        async with Workers.opened(steps=config.limits.max_concurrent_queries, engines=2 * engine_places()) as workers:
            await RunningNode(config, context, identity, keeper, workers).run()
        context.stop.raise_error()


def _identity(config: NodeConfig, roster: Roster, now: datetime) -> Identity:
    """The node's keys, as the roster has them. Raises ConfigError, also where node.toml attaches to strangers."""
    identity = read_identity(config, member_of(roster, config))
    attached_coordinators(roster, config)
    identity.certificate.check_in_force(now, issuer=f"the CA of {config.city}")
    return identity


def _open_store(config: NodeConfig, roster: Roster, identity: Identity) -> NodeStore:
    return NodeStore.open(
        config.store,
        log_identity(member_of(roster, config), identity.log_signer),
        commit_window_ms=config.log.commit_window_ms,
        commit_max_batch=config.log.commit_max_batch,
    )
