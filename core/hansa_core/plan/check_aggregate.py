"""Checks one aggregate against its contract at a level."""

from __future__ import annotations

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.plan.expression import Expression
from hansa_core.plan.keys import naming_columns
from hansa_core.plan.measure import measure_of
from hansa_core.plan.plan import PAIRED, SPREADS, Aggregate, AggregateFunction, Argument
from hansa_core.plan.typing import column_types, type_of

_COUNTS = (AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT)
_BINNED = (AggregateFunction.QUANTILE_CONT, AggregateFunction.HISTOGRAM)
_SQUARED = SPREADS | PAIRED
_EXTREMES = (AggregateFunction.MIN, AggregateFunction.MAX)
_PUBLISHED = "COUNT, SUM, AVG, MEDIAN, QUANTILE_CONT and HISTOGRAM of a published measure"


def check_aggregate(aggregate: Aggregate, contract: Contract, level: Level, field: str) -> None:
    """Raise RefusedError unless the arguments fit the function and the level allows it. Sizes are checked before."""
    for place, argument in zip(("column", "second"), aggregate.arguments, strict=False):
        if isinstance(argument, str):
            _check_column(argument, aggregate.function, contract, level, f"{field}.{place}")
        else:
            _check_computed(argument, aggregate.function, contract, level, f"{field}.{place}")
    if level is not Level.OPEN:
        _check_level(aggregate.function, level, field)


def _check_level(function: AggregateFunction, level: Level, field: str) -> None:
    name = function.value.upper()
    if function in _EXTREMES:
        raise RefusedError(
            "not_published",
            f"{name} is one row's own value, and is answered at level open only, not at {level}",
            "ask for QUANTILE_CONT(x, 0.05) or QUANTILE_CONT(x, 0.95)",
            field,
        )
    if function in _SQUARED:
        raise RefusedError(
            "not_published",
            f"{name} follows from sums of squares or products, which no table publishes at level {level}",
            f"ask for {_PUBLISHED}; for spread take QUANTILE_CONT(x, 0.75) - QUANTILE_CONT(x, 0.25)",
            field,
        )


def _check_column(name: str, function: AggregateFunction, contract: Contract, level: Level, field: str) -> None:
    if name not in contract.columns:
        raise RefusedError(
            "unknown_column", f"{shown(name)} is no column of {contract.id}", nearest(name, contract.columns), field
        )
    match function:
        case AggregateFunction.COUNT_DISTINCT:
            if name != contract.unit:
                raise _not_the_unit(name, contract, field)
        case AggregateFunction.COUNT:
            if name in naming_columns(contract) and level is not Level.OPEN:
                raise RefusedError(
                    "identifier",
                    f"{name} names a person or thing, and at level {level} it is not counted by itself",
                    f"write COUNT(*) or COUNT(DISTINCT {contract.unit})",
                    field,
                )
        case extreme if extreme in _EXTREMES:
            _check_extreme(name, function, contract, field)
        case _:
            _check_measure(name, function, contract, field)


def _check_extreme(name: str, function: AggregateFunction, contract: Contract, field: str) -> None:
    offered = sorted(
        other.name for other in contract.columns.values() if other.quantum is not None or other.type.is_temporal
    )
    if name not in offered:
        column = contract.columns[name]
        raise RefusedError(
            "wrong_type",
            f"{function.value.upper()} is of numbers and dates, and {name} is "
            f"{'an identifier' if column.identifier else column.type}",
            f"use one of {', '.join(offered)}" if offered else "use COUNT",
            field,
        )


def _check_measure(name: str, function: AggregateFunction, contract: Contract, field: str) -> None:
    column = contract.columns[name]
    measures = [other for other in contract.columns.values() if other.quantum is not None]
    if column.quantum is None:
        found = "an identifier" if column.identifier else column.type
        offered = sorted(other.name for other in measures)
        raise RefusedError(
            "wrong_type",
            f"{function.value.upper()} is of numeric measures, and {name} is {found}",
            f"use one of {', '.join(offered)}" if offered else "use COUNT",
            field,
        )
    if function in _BINNED and not column.bins:
        offered = sorted(other.name for other in measures if other.bins)
        raise RefusedError(
            "no_bins",
            f"{function.value.upper()} is read from a measure's bins, and {contract.id} declares none for {name}",
            f"use one of {', '.join(offered)}" if offered else f"use AVG({name})",
            field,
        )


def _check_computed(
    argument: Argument, function: AggregateFunction, contract: Contract, level: Level, field: str
) -> None:
    assert not isinstance(argument, str)
    if level is not Level.OPEN:
        raise RefusedError(
            "not_published",
            f"an aggregate over a computed value is answered at level open only, not at {level}",
            "aggregate a bare column; for a condition write COUNT(*) FILTER (WHERE …) or SUM(x) FILTER (WHERE …)",
            field,
        )
    types = column_types(contract)
    kind = type_of(argument, types, field)
    if function is AggregateFunction.COUNT_DISTINCT:
        raise _not_the_unit("a computed value", contract, field)
    if function in _BINNED:
        raise RefusedError(
            "no_bins",
            f"{function.value.upper()} is read from a column's bins, and a computed value has none",
            "name a column that has bins, or use it with FILTER",
            field,
        )
    if function not in _COUNTS and not kind.is_numeric and not (function in _EXTREMES and kind.is_temporal):
        raise RefusedError(
            "wrong_type",
            f"{function.value.upper()} is of integers and numbers, and this is {kind}",
            "convert it with TRY_CAST, or use COUNT",
            field,
        )
    if kind.is_numeric:
        _check_measure_of_computed(argument, function, contract, field)


def _check_measure_of_computed(
    argument: Expression, function: AggregateFunction, contract: Contract, field: str
) -> None:
    measure = measure_of(argument, contract)
    if measure.doubles is not None:
        type_of(measure.doubles.expression, column_types(contract), field)  # widening integers takes another level
    if function not in (*_COUNTS, *_EXTREMES):
        measure.check_summable(field)


def _not_the_unit(name: str, contract: Contract, field: str) -> RefusedError:
    return RefusedError(
        "not_a_unit",
        f"COUNT(DISTINCT x) counts privacy units, and {name} is not the unit of {contract.id}",
        f"write COUNT(DISTINCT {contract.unit})" + (f", or GROUP BY {name}" if name in contract.columns else ""),
        field,
    )
