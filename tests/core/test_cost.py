"""Static cost: groupings by moments by cells, and what is too much of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansa_core.errors import RefusedError
from hansa_core.plan.cost import check_cost, cost_of
from hansa_core.plan.expression import Column
from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_COST, MAX_MOMENTS, MAX_TOTALS
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_strategies import TRIPS

COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
MANY = 100_000


def cost(plan: Plan) -> int:
    return cost_of(plan, TRIPS, max_cells=MANY)


def test_cost_grows_with_aggregates_totals_and_declared_domains() -> None:
    keyed = next(name for name, column in TRIPS.columns.items() if column.domain is not None)
    width = len(TRIPS.columns[keyed].domain or ()) + 1
    plain = Plan(TRIPS.id, None, (), (COUNT,))
    assert cost(plain) == 1024
    by_key = replace(plain, keys=(Column(keyed),))
    assert cost(by_key) == max(1024, width)
    assert cost(replace(by_key, totals=((),))) == cost(by_key) + 1024
    assert cost_of(replace(by_key, keys=(Column(keyed),) * 8), TRIPS, max_cells=5000) == min(5000, max(1024, width**8))


def test_a_question_without_totals_is_never_too_costly() -> None:
    most_values = MAX_ANSWER_BYTES // 16  # 16 bytes each in an answer
    assert most_values <= MAX_COST
    assert 1024 * MAX_MOMENTS <= MAX_COST
    check_cost(MAX_COST)


def test_many_totals_of_many_aggregates_are_too_costly() -> None:
    with pytest.raises(RefusedError) as refused:
        check_cost((MAX_TOTALS + 1) * 180 * 1024)  # CUBE over five keys, 60 variances: 12 s of CPU
    assert refused.value.code == "too_costly"
    assert "CUBE" in refused.value.remedy
