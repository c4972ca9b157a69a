"""Attacked league: made of a setting, its nodes and coordinator running here, with an analyst's connection to it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import hansa
from hansa_coordinator.service import start as start_coordinator
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_demo.league import free_ports, node_home
from hansa_demo.processes import listens
from hansa_league.founding.create import create_league
from hansa_local.coordinator_config import load_config
from hansa_local.private_files import write_private
from hansa_node.app.config import NodeConfig, read_config
from hansa_node.app.declared import read_contracts
from hansa_node.app.init import init_node
from hansa_node.context import NodeContext
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.manifest_file import read_manifest
from hansa_redteam.running.loop import loop_in_thread
from hansa_redteam.running.operator_log import operator_log
from hansa_redteam.running.removal import Removal, removed
from hansa_redteam.running.running_city import running_city
from hansa_redteam.running.setting import Setting
from hansa_redteam.running.town import CityRows

LEAGUE = "attacked"
_LOG = "operator.log"
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackedLeague:
    """A league that can be attacked. `contexts`: what each node stands on, for the harness's own book-keeping."""

    directory: Path
    league: hansa.League
    configs: dict[str, NodeConfig]
    contexts: dict[str, NodeContext]

    @property
    def operator_log(self) -> Path:
        """What the nodes and the coordinator have logged."""
        return self.directory.with_name(_LOG)

    @property
    def contracts(self) -> dict[ContractId, Contract]:
        """The league's contracts, which everybody has."""
        return dict(self.league.contracts)

    def manifest(self, city: str, contract: ContractId) -> Manifest:
        """What the city declares: tables, domains, zeros and thresholds."""
        return read_manifest(self.configs[city].datasets[contract], self.contracts[contract])

    def end(self, city: str) -> None:
        """End the city's node, and wait until nobody listens there."""
        listen = self.configs[city].listen
        self.contexts[city].stop.request()
        while listens(listen.host, listen.port):
            time.sleep(_POLL_S)

    def republish(self, city: str, contract: ContractId, rows: CityRows) -> bool:
        """Put other rows in the place of the city's, and take them in as a new version, to which the node switches.

        Whether the city published it: an ingest may refuse to.
        """
        source = node_home(self.directory, city) / "source" / f"{contract.name}.csv"
        source.write_text(rows.csv_text(), encoding="utf-8")
        config = self.configs[city]
        try:
            _ingest(config.datasets[contract], self.contracts[contract], config)
        except ConfigError:
            return False
        return True


@contextmanager
def staged(setting: Setting, removals: tuple[Removal, ...] = ()) -> Iterator[AttackedLeague]:
    """Make the league, take the data in, and run it until the block ends, with `removals` in force all the while."""
    with (
        tempfile.TemporaryDirectory(prefix="hansa-attack-") as temporary,
        operator_log(Path(temporary, _LOG)),
        removed(removals),
    ):
        directory = Path(temporary, "league")
        configs = _made(setting, Path(temporary), directory)
        with loop_in_thread() as loop:
            serving = _serving(directory, configs)
            contexts = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result()
            try:
                with hansa.connect(directory / "profile.toml") as league:
                    yield AttackedLeague(directory=directory, league=league, configs=configs, contexts=contexts)
            finally:
                asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result()


def _made(setting: Setting, scratch: Path, directory: Path) -> dict[str, NodeConfig]:
    """The league on disk, with every dataset ingested."""
    roster = create_league(
        directory,
        name=LEAGUE,
        cities=setting.names,
        contracts=setting.write_contracts(scratch),
        ports=free_ports(2 * len(setting.names) + 1),
        witness_threshold=0,  # the logs are not what is attacked
    )
    configs = {}
    for city in setting.names:
        home = node_home(directory, city)
        list(init_node(home, league=directory, city=city))
        (home / "source").mkdir(mode=0o700)
        setting.write_city(city, home)
        config = configs[city] = read_config(home / "node.toml")
        contracts = read_contracts(config, roster)
        for contract, manifest in config.datasets.items():
            with suppress(ConfigError) if setting.may_refuse else nullcontext():
                _ingest(manifest, contracts[contract], config)
    return configs


def _ingest(manifest: Path, contract: Contract, config: NodeConfig) -> None:
    """With a secret that is the same each time: attacks that fail once fail again, whatever a city would have drawn."""
    secret = config.secrets.suppression
    if not secret.exists():
        write_private(secret, f"{sha256(config.city.encode()).hexdigest()}\n".encode())
    ingest_dataset(manifest, contract, config.data_dir, secret_file=secret)


@asynccontextmanager
async def _serving(directory: Path, configs: dict[str, NodeConfig]) -> AsyncIterator[dict[str, NodeContext]]:
    async with AsyncExitStack() as stack:
        contexts = {city: await stack.enter_async_context(running_city(config)) for city, config in configs.items()}
        coordinator = await start_coordinator(load_config(directory / "coordinator" / "coordinator.toml"))
        stack.push_async_callback(coordinator.stop)
        yield contexts
