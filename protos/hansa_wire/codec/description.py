"""Description of a city: the datasets that it says it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDescription:
    """One dataset. `tables`: the names of its published tables; empty at level `open`."""

    contract: ContractId
    level: Level
    data_version: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A city's datasets and software. `described_at`: naive UTC, whole seconds."""

    city: str
    software_version: str
    described_at: datetime
    datasets: tuple[DatasetDescription, ...]

    def __post_init__(self) -> None:
        if not self.city or not self.software_version:
            raise ValueError("city and software_version must not be empty")
        contracts = [dataset.contract for dataset in self.datasets]
        if len(set(contracts)) != len(contracts):
            raise ValueError("a city serves at most one dataset for each contract")
