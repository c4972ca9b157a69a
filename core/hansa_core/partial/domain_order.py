"""Domain order: the order in which the cells of a result stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.plan.expression import Column, Expression
from hansa_core.plan.plan import Plan

CellOrder = Callable[[Sequence[Value | None]], tuple[Any, ...]]


def cell_order(plan: Plan, contract: Contract) -> CellOrder:
    """A sort key for tuples of the plan's keys; two cells with the same keys, and only they, compare equal.

    A key that is a column with a public domain stands in the domain's display order, then come values outside it;
    any other key stands by value (false before true, text by code point). NULL is last. With totals the number of the
    grouping comes after the keys, so that a total stands below the cells it is over.
    """
    places = [_places(key, contract) for key in plan.keys] + ([{}] if plan.totals else [])

    def place(keys: Sequence[Value | None]) -> tuple[Any, ...]:
        return tuple(_place(value, domain) for value, domain in zip(keys, places, strict=True))

    return place


def _places(key: Expression, contract: Contract) -> dict[Value, int]:
    domain = contract.columns[key.name].domain if isinstance(key, Column) else None
    return {value: index for index, value in enumerate(domain or ())}


def _place(value: Value | None, domain: dict[Value, int]) -> tuple[Any, ...]:
    if value is None:
        return (2,)
    index = domain.get(value)
    return (1, value) if index is None else (0, index)
