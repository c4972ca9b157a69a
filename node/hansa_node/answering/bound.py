"""Binds a plan to a contract at a level, and bounds how many of its cells fit into one answer."""

from __future__ import annotations

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.plan.canonical import canonicalise, plan_hash
from hansa_core.plan.check import check_plan
from hansa_core.plan.cost import check_cost, cost_of
from hansa_core.plan.expression import Expression, Literal, walk
from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_CELLS
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_node.answering.answering import BoundPlan

_MOMENT_BYTES = 17  # 16 bytes of decimal128 and its share of the null bitmap
_KEY_BYTES = 64  # a fair width for a text key; fixed-width keys need less
_FIXED_BYTES = 1 << 20  # schema, framing and the answer around the partial


def bind_to_contract(plan: Plan, contract: Contract, level: Level) -> BoundPlan:
    """The canonical plan, with how many of its cells fit into one answer. Raises RefusedError by contract and level."""
    check_plan(plan, contract, level)
    canonical = canonicalise(plan)
    max_cells = _cells_that_fit(canonical, contract)
    cost = cost_of(canonical, contract, max_cells=max_cells)
    check_cost(cost)
    return BoundPlan(plan=canonical, plan_hash=plan_hash(canonical), max_cells=max_cells, cost=cost)


def _cells_that_fit(plan: Plan, contract: Contract) -> int:
    keys_bytes = _KEY_BYTES * plan.key_width + sum(map(_longest_text_bytes, plan.keys))
    cell_bytes = _MOMENT_BYTES * len(moments_of(plan, contract)) + keys_bytes
    return min(MAX_CELLS, (MAX_ANSWER_BYTES - _FIXED_BYTES) // cell_bytes)


def _longest_text_bytes(key: Expression) -> int:
    """A literal of the key may stand in every cell."""
    texts = (node.value for node in walk(key) if isinstance(node, Literal))
    return max((len(text.encode()) for text in texts if isinstance(text, str)), default=0)
