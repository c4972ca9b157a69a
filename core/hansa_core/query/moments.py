"""Which exact integers must a city compute, so that every aggregate of a plan can be finished from their sums?"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hansa_core.query.contract import ContractColumn
from hansa_core.query.expression import Expression
from hansa_core.query.expression_document import expression_document
from hansa_core.query.plan import Aggregate, AggregateFunction, Plan
from hansa_core.query.quanta import quantum_of
from hansa_core.query.types import INT64_MAX, INT64_MIN

MAX_ROWS = 2**40
"""The most rows of all cities together: with int64 quanta every sum stays below 2**103, far from 10**38."""


class MomentKind(StrEnum):
    """The additive integers that there are, over the rows where the moment's `where` holds."""

    ROWS = "rows"  # rows
    COUNT = "count"  # rows where the column is not NULL
    SUM = "sum"  # the column's quanta, added up; NULLs add nothing
    DISTINCT = "distinct"  # distinct values of the privacy unit


@dataclass(frozen=True, slots=True)
class Moment:
    """One integer per cell; `column` is None for ROWS only."""

    kind: MomentKind
    column: str | None = None
    where: Expression | None = None

    def __post_init__(self) -> None:
        if (self.column is None) != (self.kind is MomentKind.ROWS):
            raise ValueError(f"a moment of kind {self.kind} takes {'no column' if self.column else 'one column'}")


_KINDS = {
    AggregateFunction.COUNT_ROWS: (MomentKind.ROWS,),
    AggregateFunction.COUNT: (MomentKind.COUNT,),
    AggregateFunction.SUM: (MomentKind.SUM, MomentKind.COUNT),  # a sum of nothing is NULL, so the count goes with it
    AggregateFunction.AVG: (MomentKind.SUM, MomentKind.COUNT),
    AggregateFunction.COUNT_DISTINCT: (MomentKind.DISTINCT,),
}


def moments_of_aggregate(aggregate: Aggregate) -> tuple[Moment, ...]:
    """What `aggregate` is finished from; a SUM comes before its COUNT."""
    return tuple(Moment(kind, aggregate.column, aggregate.where) for kind in _KINDS[aggregate.function])


def moments_of(plan: Plan) -> tuple[Moment, ...]:
    """The plan's moments without repeats, in an order that depends on the moments alone: it is the wire order."""
    by_text = {_text(moment): moment for aggregate in plan.aggregates for moment in moments_of_aggregate(aggregate)}
    return tuple(by_text[text] for text in sorted(by_text))


def range_of_sum(column: ContractColumn, count: int) -> tuple[int, int]:
    """The least and the greatest sum of quanta that `count` values of the column can have."""
    quantum = quantum_of(column)
    lower = INT64_MIN if column.lower is None else math.floor(column.lower / quantum)
    upper = INT64_MAX if column.upper is None else math.ceil(column.upper / quantum)
    return lower * count, upper * count


def add_moments(left: Sequence[int | None], right: Sequence[int | None]) -> tuple[int | None, ...]:
    """Add two cells over the same moments; a suppressed moment (None) suppresses the sum."""
    return tuple(None if a is None or b is None else a + b for a, b in zip(left, right, strict=True))


def _text(moment: Moment) -> str:
    where = None if moment.where is None else expression_document(moment.where)
    return json.dumps([moment.kind.value, moment.column, where], sort_keys=True)
