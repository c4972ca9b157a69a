"""The reference engine: a plan over rows in memory, in plain Python that follows the definitions word for word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

import pyarrow as pa

from hansa_core.query.contract import Contract
from hansa_core.query.evaluate import evaluator
from hansa_core.query.expression import Expression
from hansa_core.query.moments import Moment, MomentKind, moments_of
from hansa_core.query.partial import partial_from_rows
from hansa_core.query.plan import Plan
from hansa_core.query.quanta import row_values
from hansa_core.query.types import Value
from hansa_core.query.typing import column_types
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
        moments = [(moment, self._filter(moment.where)) for moment in moments_of(plan)]
        rows = (
            (
                *keys,
                *(
                    _moment(moment, [stored for stored, values in members if holds(values)])
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


def _moment(moment: Moment, rows: Sequence[StoredRow]) -> int:
    if moment.column is None:
        return len(rows)
    present = [value for row in rows if (value := row[moment.column]) is not None]
    match moment.kind:
        case MomentKind.ROWS | MomentKind.COUNT:
            return len(present)
        case MomentKind.SUM:
            return sum(value for value in present if isinstance(value, int))
        case MomentKind.DISTINCT:
            return len(set(present))
        case _:
            assert_never(moment.kind)
