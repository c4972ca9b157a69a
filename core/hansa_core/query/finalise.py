"""How does an aggregate's value follow from its exact moments? The only place where floats appear."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pyarrow as pa

from hansa_core.query.contract import Contract, ContractColumn
from hansa_core.query.moments import MAX_ROWS
from hansa_core.query.plan import Aggregate, AggregateFunction
from hansa_core.query.quanta import quantum_of
from hansa_core.query.types import INT64_MAX, DataType


def aggregate_type(aggregate: Aggregate, contract: Contract) -> pa.DataType:
    """The Arrow type of the finished aggregate.

    Counts are int64. A SUM of an integer column is int64 where its bounds allow no overflow over 2**40 rows, else
    decimal128(38, 0). A SUM of a number column, and every AVG, is float64.
    """
    if aggregate.function is AggregateFunction.AVG:
        return pa.float64()
    if aggregate.function is not AggregateFunction.SUM:
        return pa.int64()
    column = contract.columns[str(aggregate.column)]
    if column.type is DataType.NUMBER:
        return pa.float64()
    return pa.int64() if _sum_fits_int64(column) else pa.decimal128(38, 0)


def finalise(aggregate: Aggregate, moments: Sequence[int], contract: Contract) -> int | float | None:
    """The aggregate's value in the column's own unit; None for a SUM or AVG over no value, as in SQL.

    `moments`: in the order of `moments_of_aggregate`. A float is the one nearest to the exact value.
    """
    if aggregate.function not in (AggregateFunction.SUM, AggregateFunction.AVG):
        return moments[0]
    quanta, count = moments
    if count == 0:
        return None
    column = contract.columns[str(aggregate.column)]
    total = quanta * quantum_of(column)
    if aggregate.function is AggregateFunction.AVG:
        return _nearest_float(total / count)
    return _nearest_float(total) if column.type is DataType.NUMBER else int(total)


def _sum_fits_int64(column: ContractColumn) -> bool:
    if column.lower is None or column.upper is None:
        return False
    return max(abs(column.lower), abs(column.upper)) * MAX_ROWS <= INT64_MAX


def _nearest_float(value: Fraction) -> float | None:
    try:
        return float(value)
    except OverflowError:  # the language's rule: a number that is not finite is NULL
        return None
