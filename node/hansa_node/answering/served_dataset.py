"""A served dataset: one version, open for questions at the level that its manifest declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_node.answering.answering import Answering
from hansa_node.answering.bound_plans import BoundPlans
from hansa_node.answering.controlled import ControlledAnswering
from hansa_node.answering.open import OpenAnswering
from hansa_node.datasets.dataset import Declared, VersionedDataset
from hansa_node.datasets.version import DatasetVersion


class OpenAt(Protocol):
    """Opens a version for one level. Raises ConfigError where it was not prepared under contract and manifest."""

    def __call__(self, version: DatasetVersion, contract: Contract, manifest: Manifest) -> Answering: ...


LEVELS: Mapping[Level, OpenAt] = {Level.OPEN: OpenAnswering, Level.CONTROLLED: ControlledAnswering}
"""What each level answers with: the one place that tells levels apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedDataset(VersionedDataset):
    """A version that answers. It stays open for as long as somebody holds this value, or until it is closed.

    `plans`: binds plans at its level.
    """

    answering: Answering
    plans: BoundPlans = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        VersionedDataset.__post_init__(self)  # `super()` knows no class with slots
        object.__setattr__(self, "plans", BoundPlans(self.answering))


def open_dataset(declared: Declared, version: DatasetVersion) -> ServedDataset:
    """Open the version, if it was prepared under this very contract and manifest. Raises ConfigError."""
    contract, manifest = declared.contract, declared.manifest
    return ServedDataset(
        contract=contract,
        manifest=manifest,
        data_version=version.number,
        accepted=version.acceptance(),
        answering=LEVELS[manifest.level](version, contract, manifest),
    )
