"""Setting: where a league's contracts, manifests and source files come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hansa_demo.demo_league import DemoLeague, contract_file


class Setting(Protocol):
    """What a stage is built from: a made-up town, or one of the demo's leagues."""

    @property
    def names(self) -> tuple[str, ...]:
        """The cities."""

    @property
    def may_refuse(self) -> bool:
        """Whether an ingest may find that nothing can be published."""

    def write_contracts(self, folder: Path) -> list[Path]:
        """The contracts' files; new ones are written into `folder`."""

    def write_city(self, city: str, home: Path) -> None:
        """The city's manifests and source files, where its node reads them."""


@dataclass(frozen=True, slots=True)
class DemoSetting:
    """A demo league, with the data and the manifests that it has."""

    league: DemoLeague

    @property
    def names(self) -> tuple[str, ...]:
        """The cities."""
        return self.league.cities

    @property
    def may_refuse(self) -> bool:
        """The demo's tables are published."""
        return False

    def write_contracts(self, folder: Path) -> list[Path]:
        """The published contracts."""
        return [contract_file(contract) for contract in self.league.contracts]

    def write_city(self, city: str, home: Path) -> None:
        """As `hansa demo` prepares the city."""
        self.league.write_source(city, home / "source")
        for contract in self.league.contracts:
            manifest = home / "manifests" / f"{contract.name}.yaml"
            manifest.write_text(self.league.manifest(contract, city), encoding="utf-8")
