"""A dataset as the city declares it, and one version of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.policy.published_rules import contract_rules, manifest_rules, rules_hash
from hansa_node.datasets.acceptance import Acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the city declares to serve. `folder`: where ingest puts the versions of the dataset."""

    contract: Contract
    manifest: Manifest
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedDataset:
    """One version of a declared dataset.

    `accepted`: why it was published although limits were exceeded. `manifest_rules`, `contract_rules`: what it stands
    under, as it is published. `manifest_hash`: lower-case hex.
    """

    contract: Contract
    manifest: Manifest
    data_version: int
    accepted: Acceptance | None = None
    manifest_rules: bytes = field(init=False, repr=False, compare=False)
    contract_rules: bytes = field(init=False, repr=False, compare=False)
    manifest_hash: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "manifest_rules", manifest_rules(self.manifest))
        object.__setattr__(self, "contract_rules", contract_rules(self.contract))
        object.__setattr__(self, "manifest_hash", rules_hash(self.manifest_rules))
