"""Demo leagues: whose data, in which cities, under which contracts, and the questions of a tour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from hansa_core.contract.ids import ContractId
from hansa_local.contract_files import contract_file_name

_HERE = Path(str(resources.files("hansa_demo")))


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStop:
    """One question of a tour and what it shows."""

    title: str
    sql: str
    remark: str
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLeague:
    """A league that can be made on one machine.

    `name`: what the command calls it; it stands in the league's folder. `roster_name`: what its roster calls it.
    `outbound`: the cities behind a firewall, which listen on no port: their nodes attach to the coordinator.
    `write_source`: writes the files of one city, in that city's own layout, into an empty folder that exists.
    `about`: what a reader of any answer must know, line by line: source, licence, caveats.
    `question`: one to start with, for whoever keeps the league up.
    """

    name: str
    roster_name: str
    cities: tuple[str, ...]
    outbound: tuple[str, ...] = ()
    contracts: tuple[ContractId, ...]
    purposes: tuple[str, ...]
    write_source: Callable[[str, Path], object]
    about: Callable[[], Sequence[str]]
    tour: tuple[TourStop, ...]
    question: str

    def __post_init__(self) -> None:
        for field in ("cities", "contracts", "purposes", "tour"):
            if not getattr(self, field):
                raise ValueError(f"{field}: a demo league has at least one; name it")
        if not set(self.outbound) <= set(self.cities):
            raise ValueError(f"outbound: {self.outbound} are not all cities of the league; name some of {self.cities}")
        names = [contract.name for contract in self.contracts]
        if len(set(names)) != len(names):
            raise ValueError("contracts: two versions of one contract; a demo node serves one")

    def manifest(self, contract: ContractId, city: str) -> str:
        """The text of a city's manifest for one of the contracts."""
        return (_HERE / "manifests" / contract.name / f"{city}.yaml").read_text(encoding="utf-8")


def contract_file(contract: ContractId) -> Path:
    """The published contract: beside the package in a wheel, in `contracts/` in a checkout."""
    name = contract_file_name(contract)
    packaged = _HERE / "contracts" / name
    return packaged if packaged.exists() else Path(__file__).parents[2] / "contracts" / name
