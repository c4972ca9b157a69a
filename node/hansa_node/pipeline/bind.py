"""Bind: what the plan means on this city's dataset at its level, found without looking at any row."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import RefusedError
from hansa_core.partial.release_key import ReleaseKey
from hansa_core.plan.plan import Plan
from hansa_core.policy.decide import Bound
from hansa_node.answering.answering import BoundPlan
from hansa_node.answering.served_dataset import ServedDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundQuestion:
    """A plan bound to the dataset that answers it."""

    dataset: ServedDataset
    plan: BoundPlan

    @property
    def key(self) -> ReleaseKey:
        """What makes a release of this plan the same one."""
        manifest = self.dataset.manifest
        return ReleaseKey(
            plan_hash=self.plan.plan_hash,
            level=manifest.level,
            parameters=self.plan.parameters,
            data_version=self.dataset.data_version,
            protection_version=manifest.protection_version,
        )

    @property
    def bound(self) -> Bound:
        """What `decide` needs to know."""
        return Bound(level=self.dataset.manifest.level, charges=self.dataset.answering.price(self.plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundPlan:
    """A plan that breaks a rule of this dataset's contract, level or published tables."""

    dataset: ServedDataset
    broken: RefusedError

    @property
    def bound(self) -> Bound:
        """What `decide` needs to know."""
        return Bound(level=self.dataset.manifest.level, broken=self.broken)


def bind(plan: Plan, dataset: ServedDataset) -> BoundQuestion | UnboundPlan:
    """Bind the plan at the dataset's level, or say which rule it breaks."""
    try:
        return BoundQuestion(dataset=dataset, plan=dataset.plans.bind(plan))
    except RefusedError as broken:
        return UnboundPlan(dataset=dataset, broken=broken)
