"""The paths of a league's files on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class LeagueLayout:
    """The paths below a league's folder. Folders that hold keys belong to one holder each and are never shared."""

    root: Path

    @property
    def roster(self) -> Path:
        return self.root / "roster.json"

    @property
    def contracts(self) -> Path:
        return self.root / "contracts"

    @property
    def governance(self) -> Path:
        return self.root / GOVERNANCE

    @property
    def coordinator(self) -> Path:
        return self.root / "coordinator"

    def coordinator_named(self, name: str) -> Path:
        """The folder of a coordinator; the first one is called `coordinator`."""
        return self.root / name

    @property
    def profile(self) -> Path:
        """The profile of the first city's analyst."""
        return self.root / "profile.toml"

    def city(self, city: str) -> Path:
        return self.root / "cities" / city

    def analyst(self, city: str) -> Path:
        return self.root / "analysts" / city

    def auditor(self, city: str) -> Path:
        return self.root / "auditors" / city

    def everything(self) -> tuple[Path, ...]:
        """What `hansa league new` makes directly below the root, the claim last."""
        nested = (self.root / "cities", self.root / "analysts", self.root / "auditors")
        replicas = self.root.glob("coordinator-*")
        return (self.roster, self.profile, self.contracts, *nested, self.coordinator, *replicas, self.governance)
