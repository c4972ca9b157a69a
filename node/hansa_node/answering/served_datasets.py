"""The served datasets: each at its newest ingested version, switched to between two questions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_node.answering.served_dataset import ServedDataset, open_dataset
from hansa_node.datasets.dataset import Declared
from hansa_node.datasets.versions import current_version

log = logging.getLogger(__name__)


class ServedDatasets:
    """The declared datasets, each at its current version. Every method may be called from any thread."""

    def __init__(self, declared: Mapping[ContractId, Declared]) -> None:
        self._declared = declared
        self._open: dict[ContractId, ServedDataset] = {}
        self._tried: dict[ContractId, str] = {}
        self._lock = threading.Lock()

    def current(self, contract: ContractId) -> ServedDataset | None:
        """The current version; None where the city declares no such dataset or has not ingested it yet.

        A version that cannot be opened is not switched to: the earlier one stays.
        """
        declared = self._declared.get(contract)
        if declared is None:
            return None
        with self._lock:
            self._switch(contract, declared)
            return self._open.get(contract)

    def all_current(self) -> tuple[ServedDataset, ...]:
        """Every dataset that is served at this moment, by contract."""
        found = (self.current(contract) for contract in sorted(self._declared))
        return tuple(dataset for dataset in found if dataset is not None)

    def close(self) -> None:
        """Close what is open. No question may be under way."""
        with self._lock:
            for dataset in self._open.values():
                dataset.answering.close()
            self._open.clear()

    def _switch(self, contract: ContractId, declared: Declared) -> None:
        """Open what the pointer names, if that has changed. What is broken is tried, and told of, once."""
        try:
            version = current_version(declared.folder)
        except ConfigError as broken:
            if self._is_news(contract, str(broken)):
                _tell(contract, broken)
            return
        if version is None or not self._is_news(contract, version.path.name):
            return
        try:
            self._open[contract] = open_dataset(declared, version)
        except ConfigError as broken:
            _tell(contract, broken)
        else:
            log.info("dataset opened", extra={"dataset": contract, "data_version": version.number})

    def _is_news(self, contract: ContractId, found: str) -> bool:
        """Whether the last look found something else."""
        if self._tried.get(contract) == found:
            return False
        self._tried[contract] = found
        return True


def _tell(contract: ContractId, broken: ConfigError) -> None:
    log.error("dataset not switched", extra={"dataset": contract, "remedy": str(broken)})
