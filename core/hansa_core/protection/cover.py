"""Covers: the published cells of which the cells of a question are unions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import value_of
from hansa_core.errors import RefusedError
from hansa_core.manifest.manifest import Manifest, TableDeclaration
from hansa_core.partial.groupings import plain_plans
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, columns_of
from hansa_core.plan.moments import Moment, MomentKind, moments_of
from hansa_core.plan.plan import Plan
from hansa_core.protection.effort import Effort
from hansa_core.protection.hierarchy import BinInterval
from hansa_core.protection.leaves import UndecidedError
from hansa_core.protection.regions import Box, Key, Space, conjuncts_of
from hansa_core.protection.tables import TableShape, shape_of

_NEAREST = 3  # tables that a refusal names


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The figure of a published cell that a moment adds up. `measure`: for COUNT and SUM."""

    kind: MomentKind
    measure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredCell:
    """One cell of the answer. `parts`: per moment, the numbers of the published cells whose sum it is."""

    key: Key
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A question as sums over the cells of one table. `figures`: what each moment adds up, as `moments_of` lists them.

    A cell without parts is 0: it lies in a structural zero, or its filter holds nowhere.
    """

    plan: Plan
    table: str
    figures: tuple[Figure, ...]
    cells: tuple[CoveredCell, ...]


class _LackError(Exception):
    """The table cannot answer; the text says what it lacks. `code`: what the asker is told if no table can."""

    def __init__(self, *lacks: str, code: str = "not_published") -> None:
        super().__init__(*lacks)
        self.lacks = lacks
        self.code = code


def find_covers(plan: Plan, contract: Contract, manifest: Manifest) -> tuple[Cover, ...]:
    """A cover for each of the plan's groupings, which are one question: they share its effort. `plan` is canonical.

    A total asks for its own cells: a sum over cells would be suppressed as soon as one of them is.
    """
    effort = Effort()
    return tuple(find_cover(part, contract, manifest, effort) for part in plain_plans(plan))


def find_cover(plan: Plan, contract: Contract, manifest: Manifest, effort: Effort) -> Cover:
    """The cover from the table with the fewest dimensions, then cells, then by name. `plan` has no totals.

    Found from plan, contract and manifest alone. Raises RefusedError, naming the tables that come nearest.
    """
    lacking: list[tuple[TableDeclaration, _LackError]] = []
    fitting: list[TableShape] = []
    moments = moments_of(plan, contract)
    for table in manifest.tables:
        lacks = _missing(plan, moments, table, contract)
        if lacks:
            lacking.append((table, _LackError(*lacks)))
        else:
            fitting.append(shape_of(table, contract, manifest))
    declared = {table.name: table for table in manifest.tables}
    for shape in sorted(fitting, key=lambda shape: (len(shape.dimensions), shape.cell_count, shape.name)):
        try:
            return _cover(plan, moments, shape, contract, effort)
        except _LackError as lack:
            lacking.append((declared[shape.name], lack))
    raise _refusal(plan, lacking)


def _missing(plan: Plan, moments: Sequence[Moment], table: TableDeclaration, contract: Contract) -> list[str]:
    """The dimensions and measures that the plan needs and the table has not."""
    columns = contract.columns
    null_dimensions = (n for n in table.measures if not columns[n].required and not columns[n].null_is_public)
    has = {*table.dimensions, table.bins, *null_dimensions}
    conditions = [plan.where, *(aggregate.where for aggregate in plan.aggregates)]
    used = frozenset[str]().union(*(columns_of(e) for e in (*plan.keys, *conditions) if e is not None))
    lacks = [f"the dimension {name}" for name in sorted(used - has)]
    for moment in moments:
        name = moment.column
        if moment.kind is MomentKind.BIN and name != table.bins:
            lacks.append(f"the bins of {name}")
        if name is None or name in table.measures or moment.kind is MomentKind.BIN:
            continue
        assert isinstance(name, str)
        counted = moment.kind is MomentKind.COUNT and (columns[name].required or name in has)
        if moment.kind is not MomentKind.DISTINCT and not counted:
            lacks.append(f"the measure {name}")
    return list(dict.fromkeys(lacks))


def _cover(plan: Plan, moments: Sequence[Moment], shape: TableShape, contract: Contract, effort: Effort) -> Cover:
    space = Space(shape.dimensions, contract.columns, effort)
    where = conjuncts_of(plan.where)
    sums = [_figure(moment, shape, contract) for moment in moments]
    try:
        cells = space.regions(plan.keys, where) if plan.keys else {(): list[Box]()}
        asked = {
            conditions: space.regions(plan.keys, (*where, *conditions))
            for conditions in dict.fromkeys(conditions for _, conditions in sums)
        }
    except UndecidedError as undecided:
        raise _LackError(_cuts(undecided.column, shape, contract)) from None
    union = _Union(shape)
    found: dict[Key, list[tuple[int, ...]]] = {key: [] for key in cells}
    for figure, conditions in sums:
        for key, parts in found.items():
            numbers = union.cells(asked[conditions].get(key, []))
            if figure.kind is MomentKind.DISTINCT:
                _check_distinct(numbers, shape, contract)
            effort.read(len(numbers))
            parts.append(numbers)
    return Cover(
        plan=plan,
        table=shape.name,
        figures=tuple(figure for figure, _ in sums),
        cells=tuple(CoveredCell(key=key, parts=tuple(parts)) for key, parts in found.items()),
    )


def _figure(moment: Moment, shape: TableShape, contract: Contract) -> tuple[Figure, tuple[Expression, ...]]:
    """What a moment adds up, and the conditions on the rows: COUNT of a dimension is its rows that are not NULL."""
    conditions = conjuncts_of(moment.where)
    if moment.bin is not None:
        return Figure(kind=MomentKind.ROWS), (*conditions, *_inside(moment, contract))
    if moment.kind is not MomentKind.COUNT or moment.column in shape.measures:
        measure = moment.column if moment.kind in (MomentKind.COUNT, MomentKind.SUM) else None
        assert measure is None or isinstance(measure, str)
        return Figure(kind=moment.kind, measure=measure), conditions
    assert isinstance(moment.column, str)
    if contract.columns[moment.column].required:
        return Figure(kind=MomentKind.ROWS), conditions
    is_known = Call(Op.NOT, (Call(Op.IS_NULL, (Column(moment.column),)),))
    return Figure(kind=MomentKind.ROWS), (*conditions, is_known)


def _inside(moment: Moment, contract: Contract) -> tuple[Expression, ...]:
    """That the measure lies in the moment's bin, as conditions on its value."""
    assert moment.bin is not None
    column = contract.columns[str(moment.column)]
    lower, upper = (Literal(value_of(column, end), column.type) for end in moment.bin)
    return Call(Op.GE, (Column(column.name), lower)), Call(Op.LE, (Column(column.name), upper))


class _Union:
    """Unites boxes of leaves from the cells of one table."""

    def __init__(self, shape: TableShape) -> None:
        self._shape = shape
        self._sides: dict[tuple[int, frozenset[int] | None], tuple[int, ...]] = {}

    def cells(self, boxes: Sequence[Box]) -> tuple[int, ...]:
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


def _check_distinct(cells: Sequence[int], shape: TableShape, contract: Contract) -> None:
    """Distinct units add up only over columns that hold one value per unit: there no unit is in two of the cells."""
    columns = [dimension.column for dimension in shape.dimensions]
    crosses = [shape.nodes(cell) for cell in cells]
    for name, nodes in zip(columns, zip(*crosses, strict=True), strict=False):
        if len(set(nodes)) > 1 and not contract.columns[name].constant_per_unit:
            raise _LackError(f"one cell for the {contract.unit}s that {name} splits", code="distinct_union")


def _cuts(name: str, shape: TableShape, contract: Contract) -> str:
    """What to say of a comparison that falls inside a bin."""
    quantum = contract.columns[name].quantum
    assert quantum is not None
    leaves = next(dimension.leaves for dimension in shape.dimensions if dimension.column == name)
    ends = [leaf.upper * quantum for leaf in leaves if isinstance(leaf, BinInterval)][:-1]
    return (
        f"a cut of {name} that the question needs (its cuts: {', '.join(f'{float(end):g}' for end in ends) or 'none'})"
    )


def _refusal(plan: Plan, lacking: Sequence[tuple[TableDeclaration, _LackError]]) -> RefusedError:
    unions = [pair for pair in lacking if pair[1].code == "distinct_union"]
    ordered = sorted(unions or lacking, key=lambda pair: (len(pair[1].lacks), len(pair[0].dimensions), pair[0].name))
    said = "; ".join(f"{table.name} lacks {' and '.join(lack.lacks)}" for table, lack in ordered[:_NEAREST])
    if unions:
        return RefusedError(
            "distinct_union",
            f"distinct units are published per cell and cannot be added up over several; nearest: {said}",
            "ask for the units of single published cells, or COUNT(*) for the rows",
            "aggregates",
        )
    return RefusedError(
        "not_published",
        f"at level controlled a city answers {plan.source} from its published tables only; nearest: {said}",
        "ask within the dimensions, cuts and measures of one published table",
    )
