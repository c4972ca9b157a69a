"""Cities of a league whose nodes keep logs: real stores, real HTTPS between them, no datasets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from hansa_core.league.members import Member
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import log_url
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.tls import client_context
from hansa_local.trust_anchor import load_roster
from hansa_new_league import CITIES, write_contract
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig, read_config
from hansa_node.app.identity import member_of, read_identity
from hansa_node.app.init import init_node
from hansa_node.app.log_keeper import LogKeeper, log_keeper
from hansa_node.app.policy_file import read_policy
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_store import NodeStore
from hansa_node.witnessing.status import WitnessStatus
from hansa_ports import free_ports

PATIENCE_S = 180.0
"""Bounds what would never end; a slow disk syncs hundreds of times meanwhile."""


@dataclass(frozen=True)
class LogCity:
    """One city on disk. `config`: as its node reads it, asking its witnesses often."""

    league: Path
    roster: Roster
    config: NodeConfig

    @property
    def name(self) -> str:
        return self.config.city

    @property
    def member(self) -> Member:
        return self.roster.member(self.name)

    def store(self) -> NodeStore:
        """The store, as `hansa node serve` opens it."""
        return NodeStore.open(self.config.store, log_identity(self.member, self._identity().log_signer))

    @asynccontextmanager
    async def opened(self, *, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[tuple[LogKeeper, NodeStore]]:
        """The store and its keeper, which serves and does not ask anybody yet."""
        identity, store = self._identity(), self.store()
        try:
            context = NodeContext(
                city=self.name,
                league=CurrentLeague(LeagueInForce(city=self.name, roster=self.roster)),
                policy=store.published_policy(read_policy(self.config.policy)),
                signer=identity.answer_signer,
                datasets=ServedDatasets({}),
                store=store,
                clock=clock,
                fresh_nonce=lambda: os.urandom(16),
                witnesses=WitnessStatus(max_unwitnessed=timedelta(seconds=self.config.log.max_unwitnessed_s)),
            )
            async with log_keeper(self.config, context, identity) as keeper:
                yield keeper, store
        finally:
            store.close()

    @asynccontextmanager
    async def running(self, *, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[tuple[LogKeeper, NodeStore]]:
        """The same, asking its witnesses as a node does."""
        async with self.opened(clock=clock) as (keeper, store):
            work = asyncio.create_task(keeper.run())
            try:
                yield keeper, store
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work

    async def get(self, path: str, *, shown: str | None = "analyst") -> tuple[int, bytes]:
        """Status and body of a page of this city's log service. `shown`: whose certificate of the city."""
        return await call(self, "GET", path, shown=None if shown is None else (shown, self.name))

    def changed(self, **log: Any) -> LogCity:
        """The city with other values in `[log]`."""
        return replace(self, config=self.config.model_copy(update={"log": self.config.log.model_copy(update=log)}))

    def _identity(self) -> Any:
        return read_identity(self.config, member_of(self.roster, self.config))


async def call(
    city: LogCity, method: str, path: str, body: bytes | None = None, *, shown: tuple[str, str] | None
) -> tuple[int, bytes]:
    """Status and body. `shown`: role and city of the client certificate."""
    tls = client_context(city.member.ca_pem)
    if shown is not None:
        role, of = shown
        folder = city.league / ("cities" if role == "node" else f"{role}s") / of
        tls.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method, log_url(city.member) + path, data=body, ssl=tls, server_hostname=city.member.server_name
        ) as response,
    ):
        return response.status, await response.read()


def log_cities(folder: Path, **log: Any) -> dict[str, LogCity]:
    """A league of three cities that listen on free ports of loopback, each of which witnesses the others."""
    league = folder / "league"
    ports = free_ports(1 + 2 * len(CITIES))
    create_league(league, name="hanse", cities=CITIES, contracts=[write_contract(folder)], ports=ports)
    cities = {}
    for city in CITIES:
        home = folder / "nodes" / city
        list(init_node(home, league=league, city=city))
        config = read_config(home / "node.toml")
        roster = load_roster(config, utc_now())
        quick = LogCity(league, roster, config).changed(witness_every_s=0.02, **log)
        cities[city] = quick
    return cities


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what other tasks bring about."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)
