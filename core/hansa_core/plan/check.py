"""Checks a plan against its contract at a level, from plan, contract and level alone."""

from __future__ import annotations

from collections.abc import Sized

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.plan.check_aggregate import check_aggregate
from hansa_core.plan.expression import Expression, columns_of
from hansa_core.plan.keys import check_key, naming_columns
from hansa_core.plan.limits import MAX_AGGREGATES, MAX_KEYS, MAX_MOMENTS, MAX_TOTALS
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_core.plan.size import check_size, parts_of
from hansa_core.plan.typing import Columns, column_types, expect_boolean, type_of


def check_plan(plan: Plan, contract: Contract, level: Level) -> None:
    """Raise RefusedError unless `plan` is small, well typed, and allowed at `level`.

    Sums need no check of their own: quanta are int64, so a sum of fewer than 2⁶³ of them stays below 2¹²⁶ < 10³⁸, and
    squares and products are added up in halves where they need it.
    """
    if plan.source != contract.id:
        raise RefusedError(
            "unknown_contract", f"the question is about {plan.source}", f"ask it about {contract.id}", "source"
        )
    _check_count(plan.keys, MAX_KEYS, "keys", "too_many_keys")
    _check_count(plan.aggregates, MAX_AGGREGATES, "aggregates", "too_many_aggregates")
    _check_count(plan.totals, MAX_TOTALS, "totals", "too_many_keys")
    check_size(parts_of(plan))
    columns = column_types(contract)
    if plan.where is not None:
        _check_filter(plan.where, contract, columns, level, "where")
    for index, key in enumerate(plan.keys):
        type_of(key, columns, f"keys[{index}]")
        if level is not Level.OPEN:
            check_key(key, contract, f"keys[{index}]")
    for index, aggregate in enumerate(plan.aggregates):
        check_aggregate(aggregate, contract, level, f"aggregates[{index}]")
        if aggregate.where is not None:
            _check_filter(aggregate.where, contract, columns, level, f"aggregates[{index}].where")
    if len(moments_of(plan, contract)) > MAX_MOMENTS:
        raise RefusedError(
            "too_large",
            f"the aggregates of a question need at most {MAX_MOMENTS} integers per cell",
            "ask for fewer quantiles and histograms, or filters, at once",
            "aggregates",
        )


def _check_count(parts: Sized, most: int, field: str, code: str) -> None:
    if len(parts) > most:
        raise RefusedError(
            code,
            f"a question has at most {most} {field}, and this one has {len(parts)}",
            "ask several questions",
            field,
        )


def _check_filter(where: Expression, contract: Contract, columns: Columns, level: Level, field: str) -> None:
    expect_boolean(where, columns, field)
    named = sorted(columns_of(where) & naming_columns(contract))
    if named and level is not Level.OPEN:
        raise RefusedError(
            "identifier",
            f"{named[0]} names a person or thing, and at level {level} no filter reads it",
            f"filter on another column; {contract.unit} may stand in COUNT(DISTINCT {contract.unit})",
            field,
        )
