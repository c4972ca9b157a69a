"""Covers by one published table: the cells of it that add up to each moment of a question."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import value_of
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op
from hansa_core.plan.moments import Moment, MomentKind
from hansa_core.plan.plan import Plan
from hansa_core.protection.effort import Effort
from hansa_core.protection.hierarchy import BinInterval, InseparableError
from hansa_core.protection.lacks import LackError, undeclared_cut
from hansa_core.protection.leaves import UndecidedError
from hansa_core.protection.regions import Box, Key, Space, conjuncts_of
from hansa_core.protection.tables import TableShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The figure of a published cell that a moment adds up. `measure`: for COUNT and SUM."""

    kind: MomentKind
    measure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A moment as sums over cells of one table: per key the numbers of the cells. No number: 0."""

    table: str
    figure: Figure
    cells: Mapping[Key, tuple[int, ...]]


class TableCover:
    """One table's part in answering one plan. What it worked out once it remembers. `plan` has no totals."""

    def __init__(self, plan: Plan, shape: TableShape, contract: Contract, effort: Effort) -> None:
        self._plan = plan
        self._shape = shape
        self._contract = contract
        self._effort = effort
        self._space = Space(shape.dimensions, contract.columns, effort)
        self._where = conjuncts_of(plan.where)
        self._asked: dict[tuple[Expression, ...], Mapping[Key, Sequence[Box]]] = {}
        self._sides: dict[tuple[int, frozenset[int] | None], tuple[int, ...]] = {}

    def parts(self, moment: Moment) -> Parts:
        """The cells of the moment, for every key. Raises LackError; RefusedError past a limit."""
        figure, conditions = self._figure(moment)
        try:
            keys = self._regions(()) if self._plan.keys else {(): ()}
            boxes = self._regions(conditions)
            cells = {key: self._united(boxes.get(key, ())) for key in keys}
        except UndecidedError as undecided:
            raise LackError(undeclared_cut(undecided.column, self._shape, self._contract)) from None
        except InseparableError as together:
            raise LackError(self._told(together)) from None
        if figure.kind is MomentKind.DISTINCT:
            for numbers in cells.values():
                self._check_distinct(numbers)
        self._effort.read(sum(map(len, cells.values())))
        return Parts(table=self._shape.name, figure=figure, cells=cells)

    def _told(self, together: InseparableError) -> str:
        """What the table lacks where it publishes values together that are asked for apart."""
        dimension = next(each for each in self._shape.dimensions if each.column == together.column)
        if any(isinstance(leaf, BinInterval) for leaf in dimension.leaves):
            return undeclared_cut(together.column, self._shape, self._contract)
        return f"the values of {together.column} apart that it publishes as {together.node}"

    def _regions(self, conditions: tuple[Expression, ...]) -> Mapping[Key, Sequence[Box]]:
        if conditions not in self._asked:
            self._asked[conditions] = self._space.regions(self._plan.keys, (*self._where, *conditions))
        return self._asked[conditions]

    def _figure(self, moment: Moment) -> tuple[Figure, tuple[Expression, ...]]:
        """What is added up, and the conditions on the rows: COUNT of a dimension is its rows that are not NULL."""
        conditions = conjuncts_of(moment.where)
        if moment.bin is not None:
            return Figure(kind=MomentKind.ROWS), (*conditions, *_inside(moment, self._contract))
        if moment.kind is not MomentKind.COUNT or moment.column in self._shape.measures:
            measure = moment.column if moment.kind in (MomentKind.COUNT, MomentKind.SUM) else None
            assert measure is None or isinstance(measure, str)
            return Figure(kind=moment.kind, measure=measure), conditions
        assert isinstance(moment.column, str)
        if self._contract.columns[moment.column].required:
            return Figure(kind=MomentKind.ROWS), conditions
        is_known = Call(Op.NOT, (Call(Op.IS_NULL, (Column(moment.column),)),))
        return Figure(kind=MomentKind.ROWS), (*conditions, is_known)

    def _united(self, boxes: Sequence[Box]) -> tuple[int, ...]:
        """The numbers of the coarsest published cells that unite to the boxes; cells without rows are left out."""
        places = range(len(self._shape.dimensions))
        crosses = (itertools.product(*(self._side(place, box.get(place)) for place in places)) for box in boxes)
        return tuple(sorted(self._shape.cell(nodes) for nodes in itertools.chain.from_iterable(crosses)))

    def _side(self, place: int, leaves: frozenset[int] | None) -> tuple[int, ...]:
        if (place, leaves) not in self._sides:
            dimension = self._shape.dimensions[place]
            wanted = range(len(dimension.leaves)) if leaves is None else leaves
            self._sides[place, leaves] = dimension.covering(wanted)
        return self._sides[place, leaves]

    def _check_distinct(self, cells: Sequence[int]) -> None:
        """Distinct units add up only over columns that hold one value per unit: there no unit is in two of them."""
        columns = [dimension.column for dimension in self._shape.dimensions]
        crosses = [self._shape.nodes(cell) for cell in cells]
        for name, nodes in zip(columns, zip(*crosses, strict=True), strict=False):
            if len(set(nodes)) > 1 and not self._contract.columns[name].constant_per_unit:
                raise LackError(f"one cell for the {self._contract.unit}s that {name} splits", code="distinct_union")


def _inside(moment: Moment, contract: Contract) -> tuple[Expression, ...]:
    """That the measure lies in the moment's bin, as conditions on its value."""
    assert moment.bin is not None
    column = contract.columns[str(moment.column)]
    lower, upper = (Literal(value_of(column, end), column.type) for end in moment.bin)
    return Call(Op.GE, (Column(column.name), lower)), Call(Op.LE, (Column(column.name), upper))
