"""Everything around the log of a node that serves: its pages, its witnesses, and what is forgotten in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from random import SystemRandom

import aiohttp

from hansa_core.league.witnesses import quorum_of
from hansa_node.app.config import NodeConfig
from hansa_node.app.identity import Identity
from hansa_node.app.start import record_start
from hansa_node.context import NodeContext
from hansa_node.log_service.disclosures import DisclosureReader
from hansa_node.log_service.log_league import LogLeague
from hansa_node.log_service.pages import LogPages
from hansa_node.log_service.reading import ReadableLog
from hansa_node.log_service.server import ListenerTls, served
from hansa_node.log_service.witness import Witness
from hansa_node.node_stop import task_group
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.panel import WitnessDialler, WitnessPanel
from hansa_node.witnessing.status import WitnessStatus
from hansa_node.witnessing.witnessing import Witnessing

log = logging.getLogger(__name__)

_THREADS = 4
_FORGET_EVERY_S = 3600.0


class LogKeeper:
    """Keeps the log while the node runs. `status`: whether the node may answer. `waits`: for witnesses, at first."""

    def __init__(self, config: NodeConfig, context: NodeContext, witnessing: Witnessing, status: WitnessStatus) -> None:
        self.status = status
        self.waits = quorum_of(context.league.now.roster, context.city) > 0
        self.context = context
        self._witnessing = witnessing
        self._is_in_register = config.log.in_register
        self._keep_openings = timedelta(days=config.log.keep_openings_days)

    async def begin(self) -> None:
        """Ask the witnesses, if there have to be any, then record the start: from then on the node may answer.

        Raises ForkError where one of them knows another or a later log: then nothing is signed.
        """
        await self._witnessing.confirm()
        await asyncio.to_thread(record_start, self.context, register=self._is_in_register)
        self.status.is_confirmed = True
        log.info("log open", extra={"size": self.context.store.log.size})

    async def run(self) -> None:
        """Until cancelled; begins, if nobody else did. Raises as `begin` does, and StoreCorruptError."""
        if not self.status.is_confirmed:
            await self.begin()
        async with task_group() as running:
            running.create_task(self._witnessing.run())
            if self._keep_openings:
                running.create_task(self._forget())

    async def _forget(self) -> None:
        """Delete openings whose retention is over; every proof stays valid."""
        while True:
            with suppress(StoreUnavailableError):  # the next round comes
                before = self.context.clock() - self._keep_openings
                await asyncio.to_thread(self.context.store.log.forget_openings, before)
            await asyncio.sleep(_FORGET_EVERY_S)


@asynccontextmanager
async def log_keeper(config: NodeConfig, context: NodeContext, identity: Identity) -> AsyncIterator[LogKeeper]:
    """The keeper, with the pages served where the roster says that this city listens. Raises ConfigError."""
    status = context.witnesses
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="log") as executor:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            keeper = LogKeeper(config, context, _witnessing(config, context, session, executor, status), status)
            if context.league.now.roster.member(context.city).log_port is None:
                yield keeper
                return
            tls = ListenerTls(config.tls.certificate, config.tls.key, context.league).listener
            pages = _pages(config, context, identity, executor, status)
            async with served(pages.application(), config.log.host, config.log.port, tls) as port:
                log.info("log served", extra={"host": config.log.host, "port": port})
                yield keeper


def _witnessing(
    config: NodeConfig, context: NodeContext, session: aiohttp.ClientSession, executor: Executor, status: WitnessStatus
) -> Witnessing:
    own_log = context.store.log
    dialler = WitnessDialler(
        own_log=own_log,
        session=session,
        certificate=config.tls.certificate,
        key=config.tls.key,
        executor=executor,
        clocks=context.clocks,
    )
    return Witnessing(
        own_log,
        WitnessPanel(context.league, dialler),
        status=status,
        every_s=config.log.witness_every_s,
        executor=executor,
        clock=context.clock,
        draw=SystemRandom().random,
    )


def _pages(
    config: NodeConfig, context: NodeContext, identity: Identity, executor: Executor, status: WitnessStatus
) -> LogPages:
    own_log, peers = context.store.log, context.store.peers
    league = LogLeague(context.league, context.expiry, context.clock)
    return LogPages(
        own=ReadableLog(own_log.tree, own_log),
        peers=peers,
        league=league,
        max_mirrored_entries=config.log.max_mirrored_entries,
        witness=Witness(
            name=context.league.now.roster.member(context.city).witness_name,
            signer=identity.witness_signer,
            league=league,
            peers=peers,
            own_log=own_log,
            status=status,
            head_every_s=config.log.peer_head_every_s,
            clock=context.clock,
        ),
        openings=DisclosureReader(
            log=own_log,
            readers=frozenset((context.city, *config.log.openings_to)),
            status=status,
            clock=context.clock,
        ),
        is_public=config.log.public,
        stop=context.stop,
        executor=executor,
    )
