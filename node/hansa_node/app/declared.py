"""Declared datasets: contracts as the governors signed them, manifests as the steward wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.roster import Roster
from hansa_core.nearest import nearest
from hansa_local import contract_files
from hansa_node.app.config import NodeConfig
from hansa_node.datasets.dataset import Declared
from hansa_node.datasets.versions import dataset_folder
from hansa_node.ingest.manifest_file import read_manifest


def read_contracts(config: NodeConfig, roster: Roster) -> Mapping[ContractId, Contract]:
    """The league's contracts. Raises ConfigError."""
    try:
        return contract_files.read_contracts(config.contracts, roster)
    except PeerError as wrong:
        raise ConfigError(str(wrong)) from None


def read_declared(config: NodeConfig, contracts: Mapping[ContractId, Contract], wanted: ContractId) -> Declared:
    """Contract and manifest of one dataset that the configuration names. Raises ConfigError."""
    contract = contracts.get(wanted)
    if contract is None:
        near = nearest(str(wanted), map(str, contracts))
        raise ConfigError(f"datasets: {wanted} is no contract of the league; {near}")
    manifest = read_manifest(config.datasets[wanted], contract)
    return Declared(contract=contract, manifest=manifest, folder=dataset_folder(config.data_dir, wanted))


def read_all_declared(config: NodeConfig, roster: Roster) -> Mapping[ContractId, Declared]:
    """All datasets that the configuration names. Raises ConfigError."""
    contracts = read_contracts(config, roster)
    declared = {contract: read_declared(config, contracts, contract) for contract in config.datasets}
    check_levels(declared.values())
    return declared


def check_levels(declared: Iterable[Declared]) -> None:
    """Raise ConfigError unless each population is served at one level."""
    levels: dict[str, Level] = {}
    for each in declared:
        population, level = each.manifest.population, each.manifest.level
        if levels.setdefault(population, level) is not level:
            raise ConfigError(
                f"{each.contract.id}: level is {level}, and {levels[population]} in another manifest of the population"
                f" {population}; one population has one level: choose one"
            )
