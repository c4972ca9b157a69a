"""Step 2: what does the plan mean on this city's dataset, at its level? Found without looking at any row."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import RefusedError
from hansa_core.plan.canonical import canonicalise, plan_hash
from hansa_core.plan.check import check_plan
from hansa_core.plan.expression import Expression, Literal, walk
from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_CELLS
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_core.policy.decide import Bound
from hansa_core.protection.cover import Cover
from hansa_node.datasets.dataset import Dataset
from hansa_node.engines.engine import too_many_cells
from hansa_node.store.releases import ReleaseKey

_MOMENT_BYTES = 17  # 16 bytes of decimal128 and its share of the null bitmap
_KEY_BYTES = 64  # a fair width for a text key; fixed-width keys need less
_FIXED_BYTES = 1 << 20  # schema, framing and the answer around the partial


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundPlan:
    """A plan that this dataset can answer. `plan`: canonical. `covers`: at `controlled`, for each of its groupings the
    published cells to add up. `max_cells`: how many cells fit into one answer.
    """

    dataset: Dataset
    plan: Plan
    plan_hash: bytes
    covers: tuple[Cover, ...]
    max_cells: int

    @property
    def key(self) -> ReleaseKey:
        """What makes a release of this plan the same one."""
        manifest = self.dataset.manifest
        return ReleaseKey(
            plan_hash=self.plan_hash,
            level=manifest.level,
            data_version=self.dataset.data_version,
            protection_version=manifest.protection_version,
        )

    @property
    def bound(self) -> Bound:
        """What `decide` needs to know."""
        return Bound(level=self.dataset.manifest.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnboundPlan:
    """A plan that breaks a rule of this dataset's contract, level or published tables."""

    dataset: Dataset
    broken: RefusedError

    @property
    def bound(self) -> Bound:
        """What `decide` needs to know."""
        return Bound(level=self.dataset.manifest.level, broken=self.broken)


def bind(plan: Plan, dataset: Dataset) -> BoundPlan | UnboundPlan:
    """Check the plan, bring it to canonical form and, at `controlled`, find the published table that answers it."""
    try:
        check_plan(plan, dataset.contract, dataset.manifest.level)
        canonical = canonicalise(plan)
        max_cells = _cells_that_fit(canonical, dataset)
        covers = _covers(canonical, dataset, max_cells)
    except RefusedError as broken:
        return UnboundPlan(dataset=dataset, broken=broken)
    return BoundPlan(
        dataset=dataset, plan=canonical, plan_hash=plan_hash(canonical), covers=covers, max_cells=max_cells
    )


def _cells_that_fit(plan: Plan, dataset: Dataset) -> int:
    keys_bytes = _KEY_BYTES * plan.key_width + sum(map(_longest_text_bytes, plan.keys))
    cell_bytes = _MOMENT_BYTES * len(moments_of(plan, dataset.contract)) + keys_bytes
    return min(MAX_CELLS, (MAX_ANSWER_BYTES - _FIXED_BYTES) // cell_bytes)


def _longest_text_bytes(key: Expression) -> int:
    """A literal of the key may stand in every cell."""
    texts = (node.value for node in walk(key) if isinstance(node, Literal))
    return max((len(text.encode()) for text in texts if isinstance(text, str)), default=0)


def _covers(plan: Plan, dataset: Dataset, max_cells: int) -> tuple[Cover, ...]:
    covers = dataset.covers_of(plan)
    if sum(len(cover.cells) for cover in covers) > max_cells:
        raise too_many_cells(max_cells)
    return covers
