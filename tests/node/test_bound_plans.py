"""Bound plans that are remembered: a plan that comes again costs nothing, and large ones fill no memory."""

from __future__ import annotations

from hansa_core.contract.level import Level
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_node.answering.answering import BoundPlan
from hansa_node.answering.bound import bind_to_contract
from hansa_node.answering.bound_plans import BoundPlans
from hansa_node.answering.open import OpenAnswering
from hansa_strategies import TRIPS


class Binding(OpenAnswering):
    """Binds to the contract, and computes nothing. `asked`: how often."""

    def __init__(self) -> None:
        self.asked = 0

    def bind(self, plan: Plan) -> BoundPlan:
        self.asked += 1
        return bind_to_contract(plan, TRIPS, Level.OPEN)


def plan_of(first: int, values: int) -> Plan:
    condition = Call(Op.IN, (Column("zone"), *(literal(first + value) for value in range(values))))
    return Plan(TRIPS.id, condition, (), (Aggregate(AggregateFunction.COUNT_ROWS),))


def test_a_plan_that_comes_again_is_not_bound_again() -> None:
    binding = Binding()
    plans, plan = BoundPlans(binding), plan_of(1, 3)
    assert plans.bind(plan) is plans.bind(plan)
    assert binding.asked == 1


def test_large_plans_are_few() -> None:
    binding = Binding()
    plans, asked = BoundPlans(binding), [plan_of(first, 1000) for first in range(50)]
    for plan in (*asked, *reversed(asked)):
        plans.bind(plan)
    assert 100 - 10 <= binding.asked < 100
