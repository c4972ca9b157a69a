"""May this plan be asked of this contract at this level? Decided from plan, contract and level alone."""

from __future__ import annotations

from collections.abc import Sized

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.query.contract import Contract
from hansa_core.query.expression import Expression, columns_of
from hansa_core.query.keys import check_key, naming_columns
from hansa_core.query.limits import MAX_AGGREGATES, MAX_KEYS
from hansa_core.query.plan import Aggregate, AggregateFunction, Level, Plan
from hansa_core.query.size import check_size, parts_of
from hansa_core.query.typing import Columns, column_types, expect_boolean, type_of


def check_plan(plan: Plan, contract: Contract, level: Level) -> None:
    """Raise RefusedError unless `plan` is small, well typed, and allowed at `level`.

    Sums need no check of their own: quanta are int64, so a sum of fewer than 2⁶³ of them stays below 2¹²⁶ < 10³⁸.
    """
    if plan.source != contract.id:
        raise RefusedError(
            "unknown_contract", f"the question is about {plan.source}", f"ask it about {contract.id}", "source"
        )
    _check_count(plan.keys, MAX_KEYS, "keys", "too_many_keys")
    _check_count(plan.aggregates, MAX_AGGREGATES, "aggregates", "too_many_aggregates")
    check_size(parts_of(plan))
    columns = column_types(contract)
    if plan.where is not None:
        _check_filter(plan.where, contract, columns, level, "where")
    for index, key in enumerate(plan.keys):
        type_of(key, columns, f"keys[{index}]")
        if level is not Level.OPEN:
            check_key(key, contract, f"keys[{index}]")
    for index, aggregate in enumerate(plan.aggregates):
        _check_aggregate(aggregate, contract, level, f"aggregates[{index}]")
        if aggregate.where is not None:
            _check_filter(aggregate.where, contract, columns, level, f"aggregates[{index}].where")


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


def _check_aggregate(aggregate: Aggregate, contract: Contract, level: Level, field: str) -> None:
    name = aggregate.column
    if name is None:
        return
    if name not in contract.columns:
        raise RefusedError(
            "unknown_column",
            f"{shown(name)} is no column of {contract.id}",
            nearest(name, contract.columns),
            f"{field}.column",
        )
    match aggregate.function:
        case AggregateFunction.SUM | AggregateFunction.AVG:
            _check_measure(name, contract, f"{field}.column")
        case AggregateFunction.COUNT_DISTINCT if name != contract.unit:
            raise RefusedError(
                "not_a_unit",
                f"COUNT(DISTINCT x) counts privacy units, and {name} is not the unit of {contract.id}",
                f"write COUNT(DISTINCT {contract.unit}), or GROUP BY {name}",
                f"{field}.column",
            )
        case AggregateFunction.COUNT if name in naming_columns(contract) and level is not Level.OPEN:
            raise RefusedError(
                "identifier",
                f"{name} names a person or thing, and at level {level} it is not counted by itself",
                f"write COUNT(*) or COUNT(DISTINCT {contract.unit})",
                f"{field}.column",
            )


def _check_measure(name: str, contract: Contract, field: str) -> None:
    column = contract.columns[name]
    if column.quantum is None:
        measures = sorted(other.name for other in contract.columns.values() if other.quantum is not None)
        found = "an identifier" if column.identifier else column.type
        raise RefusedError(
            "wrong_type",
            f"SUM and AVG are of numeric measures, and {name} is {found}",
            f"use one of {', '.join(measures)}" if measures else "use COUNT",
            field,
        )
