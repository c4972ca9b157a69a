"""The served datasets: each at its newest ingested version, switched to between two questions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_node.answering.retries import Retries
from hansa_node.answering.served_dataset import ServedDataset, open_dataset
from hansa_node.datasets.dataset import Declared
from hansa_node.datasets.version import DatasetVersion
from hansa_node.datasets.versions import current_version
from hansa_node.engines.unreadable import DataUnavailableError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A version that is served."""

    dataset: ServedDataset
    version: DatasetVersion


@dataclass(frozen=True, slots=True)
class _Damage:
    """Stored bytes that differ from what ingest wrote: they are not opened again, until they change."""

    found: Hashable
    text: str


class ServedDatasets:
    """The declared datasets, each at its current version. Every method may be called from any thread."""

    def __init__(self, declared: Mapping[ContractId, Declared], retries: Retries | None = None) -> None:
        self._declared = declared
        self._open: dict[ContractId, _Opened] = {}
        self._given_up: dict[ContractId, list[ServedDataset]] = {}
        self._damaged: dict[ContractId, _Damage] = {}
        self._retries = retries or Retries()
        self._is_closed = False
        self._lock = threading.Lock()

    def current(self, contract: ContractId) -> ServedDataset | None:
        """The current version; None where the city declares no such dataset or has not ingested it yet.

        A version that cannot be opened is not switched to: the earlier one stays. Where there is no earlier one, raises
        DataUnavailableError: it is tried again, ever more seldom, and at once when what is stored has changed.
        """
        declared = self._declared.get(contract)
        if declared is None:
            return None
        with self._lock:
            trouble = self._switch(contract, declared)
            opened = self._open.get(contract)
        if opened is None and trouble is not None:
            raise DataUnavailableError(trouble)
        return None if opened is None else opened.dataset

    def all_current(self) -> tuple[ServedDataset, ...]:
        """Every dataset that is served at this moment, by contract."""
        return tuple(dataset for contract in sorted(self._declared) if (dataset := self._readable(contract)))

    def mistrust(self, dataset: ServedDataset, failure: DataUnavailableError) -> None:
        """Open the version anew before a later question: it could not be read, and its engine may have given it up."""
        contract, text = dataset.contract.id, str(failure)
        with self._lock:
            opened = self._open.get(contract)
            if opened is not None and opened.dataset is dataset:
                self._give_up(contract)
                if self._retries.failed(contract, (opened.version.number, opened.version.state), text):
                    _tell(contract, text)

    def check_all(self) -> None:
        """Compare every open version with what ingest wrote; slow. One that differs is not served any more."""
        with self._lock:
            opened = dict(self._open)
        for contract, each in opened.items():
            state = each.version.state
            if state is None:
                continue  # moved away: what is open stays readable
            try:
                each.version.check()
            except DataUnavailableError as damage:
                self._condemn(contract, each, state, str(damage))

    def states(self) -> Mapping[ContractId, Hashable]:
        """What tells the stored bytes behind each open version from others."""
        with self._lock:
            return {contract: (each.version.number, each.version.state) for contract, each in self._open.items()}

    def close(self) -> None:
        """Close what is open. No question may be under way, and none opens anything afterwards."""
        with self._lock:
            self._is_closed = True
            for opened in self._open.values():
                opened.dataset.answering.close()
            self._open.clear()
            for contract in tuple(self._given_up):
                self._close_given_up(contract)

    def _readable(self, contract: ContractId) -> ServedDataset | None:
        try:
            return self.current(contract)
        except DataUnavailableError:
            return None  # told of in the operator's log

    def _condemn(self, contract: ContractId, opened: _Opened, state: Hashable, text: str) -> None:
        with self._lock:
            if self._open.get(contract) is opened:
                self._give_up(contract)
                self._damaged[contract] = _Damage((opened.version.number, state), text)
                _tell(contract, text)

    def _give_up(self, contract: ContractId) -> None:
        self._given_up.setdefault(contract, []).append(self._open.pop(contract).dataset)

    def _close_given_up(self, contract: ContractId) -> None:
        """While one connection to a file is open, DuckDB gives every other one the same blocks, damaged or not."""
        for dataset in self._given_up.pop(contract, ()):
            dataset.answering.close()

    def _switch(self, contract: ContractId, declared: Declared) -> str | None:
        """Open what the pointer names, if that has changed; why it is not opened, where it should be."""
        if self._is_closed:
            return f"{contract}: the node stops; start it again"
        found: Hashable = None
        try:
            version = current_version(declared.folder)
            opened = self._open.get(contract)
            if version is None or (opened is not None and opened.version.number == version.number):
                return None
            found = (version.number, version.state)
            damage = self._damaged.get(contract)
            trouble = damage.text if damage and damage.found == found else self._retries.trouble(contract, found)
            if trouble is not None:
                return trouble
            self._close_given_up(contract)
            self._open[contract] = _Opened(open_dataset(declared, version), version)
        except (ConfigError, DataUnavailableError) as broken:
            if self._retries.failed(contract, found, str(broken)):
                _tell(contract, str(broken))
            return str(broken)
        self._retries.succeeded(contract)
        log.info("dataset opened", extra={"dataset": contract, "data_version": version.number})
        return None


def _tell(contract: ContractId, remedy: str) -> None:
    log.error("dataset not switched", extra={"dataset": contract, "remedy": remedy})
