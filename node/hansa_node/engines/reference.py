"""The reference engine: a plan over rows in memory, in plain Python that follows the definitions word for word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import assert_never

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import row_values, whole_of
from hansa_core.contract.types import Value
from hansa_core.partial.partial import partial_from_rows
from hansa_core.plan.double_code import code_of_double
from hansa_core.plan.evaluate import evaluator
from hansa_core.plan.exact_value import exact_evaluator
from hansa_core.plan.expression import Expression
from hansa_core.plan.limbs import limb_of, pairs_at
from hansa_core.plan.measure import MeasuredArgument, measure_of
from hansa_core.plan.moments import Moment, MomentKind, half_of, measures_of, moments_of
from hansa_core.plan.plan import Argument, Plan
from hansa_core.plan.typing import column_types
from hansa_node.engines.engine import too_many_cells
from hansa_node.engines.stop import Stop

StoredRow = Mapping[str, Value | None]
_Member = tuple[StoredRow, StoredRow]  # as stored, and as expressions see it


class ReferenceEngine:
    """An Engine over `rows` as a dataset stores them: numeric columns in whole quanta, None for NULL."""

    def __init__(self, contract: Contract, rows: Sequence[StoredRow]) -> None:
        self._contract = contract
        self._columns = column_types(contract)
        self._rows = [(row, row_values(contract, row)) for row in rows]

    def aggregate(self, plan: Plan, *, max_cells: int, stop: Stop | None = None) -> pa.Table:
        """One row per cell, by the Engine protocol."""
        lets_through = self._filter(plan.where)
        keys_of = [evaluator(key, self._columns) for key in plan.keys]
        cells: dict[tuple[Value | None, ...], list[_Member]] = {} if plan.keys else {(): []}
        for stored, values in self._rows:
            if stop is not None:
                stop.check()
            if lets_through(values):
                cells.setdefault(tuple(key(values) for key in keys_of), []).append((stored, values))
        if len(cells) > max_cells:
            raise too_many_cells(max_cells)
        moments = [(moment, self._filter(moment.where)) for moment in moments_of(plan, self._contract)]
        rows = (
            (
                *keys,
                *(
                    self._moment(moment, self._values(moment, [member for member in members if holds(member[1])]))
                    for moment, holds in moments
                ),
            )
            for keys, members in cells.items()
        )
        return partial_from_rows(plan, self._contract, rows)

    def _filter(self, condition: Expression | None) -> Callable[[StoredRow], bool]:
        """Whether a filter lets a row through: unknown is not true."""
        if condition is None:
            return lambda values: True
        holds = evaluator(condition, self._columns)
        return lambda values: holds(values) is True

    def _values(self, moment: Moment, members: Sequence[_Member]) -> list[tuple[Value, ...]]:
        """What the moment is taken over: the values of its arguments, one or two, where none of them is NULL."""
        arguments = [argument for argument in (moment.column, moment.second) if argument is not None]
        readers = [self._reader(argument, as_it_is=moment.kind is MomentKind.COUNT) for argument in arguments]
        taken = (tuple(_whole(read(member)) for read in readers) for member in members)
        return [values for values in taken if None not in values]  # type: ignore[misc]

    def _reader(self, argument: Argument, *, as_it_is: bool) -> Callable[[_Member], Value | None]:
        if isinstance(argument, str):
            return lambda member: member[0][argument]
        measure = None if as_it_is else measure_of(argument, self._contract)
        if measure is not None and measure.exact is not None:
            exact, quantum = exact_evaluator(measure.exact, self._columns), measure.quantum
            return lambda member: _steps(exact(*member), quantum)
        if measure is not None and measure.doubles is not None:
            double, grain = evaluator(measure.doubles.expression, self._columns), measure.quantum
            return lambda member: _steps(double(member[1]), grain)
        read = evaluator(argument, self._columns)
        return lambda member: read(member[1])

    def _moment(self, moment: Moment, taken: Sequence[tuple[Value, ...]]) -> int:
        """The moment over what it is taken over. Numbers are whole quanta, dates whole days or microseconds."""
        if moment.limb is not None:
            return sum(_limb(moment, values, measures_of(moment, self._contract)) for values in taken)
        if moment.wide:
            assert moment.column is not None
            measure = measure_of(moment.column, self._contract)
            if measure.is_ordered_by_code:
                taken = [(code_of_double(float(values[0] * measure.quantum)),) for values in taken]  # type: ignore[operator]
        return _whole_moment(moment, taken)


def _steps(value: Value | Fraction | None, quantum: Fraction) -> int | None:
    """How many quanta: always a whole number of them."""
    if value is None:
        return None
    steps = Fraction(value) / quantum  # type: ignore[arg-type]
    assert steps.denominator == 1
    return steps.numerator


def _whole(value: Value | None) -> Value | None:
    return whole_of(value) if isinstance(value, date) else value


def _limb(moment: Moment, values: Sequence[Value], measures: Sequence[MeasuredArgument]) -> int:
    """What one row adds to a sum over limbs."""
    assert moment.limb is not None
    first, *second = (int(value) for value in values)  # type: ignore[arg-type]
    if moment.kind is MomentKind.SUM:
        return limb_of(first, moment.limb, measures[0].limbs)
    numbers = (first, first) if moment.kind is MomentKind.SQUARES else (first, *second)
    counts = [measure.limbs for measure in measures]
    return sum(
        limb_of(numbers[0], i, counts[0]) * limb_of(numbers[1], j, counts[1]) for i, j in pairs_at(moment.limb, *counts)
    )


def _whole_moment(moment: Moment, taken: Sequence[tuple[Value, ...]]) -> int:
    quanta = [values for values in taken if all(isinstance(value, int) for value in values)]
    firsts: list[int] = [values[0] for values in quanta if values]  # type: ignore[misc]
    match moment.kind:
        case MomentKind.ROWS | MomentKind.COUNT | MomentKind.MEASURED:
            return len(taken)
        case MomentKind.DISTINCT:
            return len(set(taken))
        case MomentKind.SUM:
            return sum(firsts)
        case MomentKind.SQUARES:
            return sum(half_of(first * first, moment.half) for first in firsts)
        case MomentKind.PRODUCTS:
            return sum(half_of(first * second, moment.half) for first, second in quanta)  # type: ignore[operator,misc,arg-type]
        case MomentKind.MIN:
            return min(firsts, default=moment.nothing)
        case MomentKind.MAX:
            return max(firsts, default=moment.nothing)
        case MomentKind.BIN:
            assert moment.bin is not None
            lower, upper = moment.bin
            return sum(lower <= first <= upper for first in firsts)
        case _:
            assert_never(moment.kind)
