"""The released table with statistics over keys beside its cells, each computed from a finer grouping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.column_names import CITY_COLUMN, GROUPING_COLUMN
from hansa_core.plan.expression import Expression
from hansa_core.plan.simplify import simplify
from hansa_core.sql.key_statistics import KeyFunction, KeyStatistic, finer_set
from hansa_core.sql.numbering import Numbering
from hansa_core.sql.relation import Origin, aliased, or_none, subquery
from hansa_core.sql.statement import GAPS_COLUMN, PARTIAL_COLUMN, ROW_COLUMN, CountedValues

_VALUE, _CELLS, _GAPS, _SHOWN, _FINER = "value", "cells", "gaps", "shown", "finer"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStatistic:
    """A statistic in a released table.

    `name`: of its column. `key`, `rows`: the released columns with the values and with the rows of each. `finer`: each
    grouping that is shown and the one whose cells tell the values apart. `text`: its SQL.
    """

    name: str
    text: str
    function: KeyFunction
    key: str
    rows: str
    finer: tuple[tuple[int, int], ...]

    @property
    def counted(self) -> CountedValues:
        """What a reader of its values has to know."""
        is_count = self.function is KeyFunction.COUNT_DISTINCT
        return CountedValues(column=self.name, rows=self.rows, text=self.text, is_count=is_count)

    @property
    def cells_table(self) -> str:
        """The table that its values are joined from."""
        return f"{self.name}_cells"

    @property
    def gaps_column(self) -> str:
        """The hidden column with the gaps of all its cells."""
        return f"{GAPS_COLUMN}_{self.name}"

    @property
    def origin(self) -> Origin:
        """Where its value comes from."""
        return Origin(depends_on=frozenset({self.rows, self.name}), gaps=frozenset({self.gaps_column}), passes=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCells:
    """The cells of a released table that are shown, and what is computed from the others.

    `table`: its name. `cities`: the columns that tell cities apart, or what they are put under. `keys`: the column of
    each key that is shown. `kept`: of each grouping that is shown, its columns of `cities` and `keys`. `groupings`: how
    many the table holds; 1: it does not number them. `statistics`: by the identity of their nodes. `aggregates`: the
    columns of all aggregates.
    """

    table: str
    cities: tuple[str, ...]
    keys: Mapping[Expression, str]
    kept: Mapping[int, frozenset[str]]
    groupings: int
    statistics: Mapping[int, PlacedStatistic]
    aggregates: tuple[str, ...]

    @property
    def counted(self) -> tuple[CountedValues, ...]:
        """What each statistic is computed from."""
        return tuple(one.counted for one in self._statistics)

    @property
    def columns(self) -> tuple[str, ...]:
        """The released columns that a SELECT may name."""
        grouping = [GROUPING_COLUMN] if self.groupings > 1 else []
        return (*self.cell, *grouping, *self.aggregates)

    @property
    def cell(self) -> tuple[str, ...]:
        """The columns that tell its cells apart, but for the number of the grouping."""
        return (*self.cities, *self.keys.values())

    @property
    def _statistics(self) -> tuple[PlacedStatistic, ...]:
        return tuple({one.name: one for one in self.statistics.values()}.values())

    def source(self) -> exp.Expr:
        """What stands in FROM under the name of the released table."""
        if not self.statistics and len(self.kept) == self.groupings:
            return exp.to_table(self.table, quoted=True)
        passed = [aliased(self.column(name), name) for name in (*self.columns, ROW_COLUMN, GAPS_COLUMN)]
        own = [aliased(self._beside(one), one.name) for one in self._statistics]
        gaps = [aliased(self._all_gaps(one), one.gaps_column) for one in self._statistics]
        select = exp.select(*passed, *own, *gaps).from_(exp.to_table(self.table, quoted=True))
        for one in self._statistics:
            select = select.join(self._joined(one), on=self._same_cell(one), join_type="left", copy=False)
        if self.groupings > 1:
            select = select.where(self._is_shown(), copy=False)
        return subquery(select, self.table)

    def _is_shown(self) -> exp.Expr:
        """Whether a row is one of the cells that are shown; that of a missing city has no grouping."""
        grouping = self.column(GROUPING_COLUMN)
        shown = exp.In(this=grouping, expressions=[exp.Literal.number(number) for number in self.kept])
        return exp.or_(exp.Is(this=grouping.copy(), expression=exp.Null()), shown)

    def _joined(self, one: PlacedStatistic) -> exp.Subquery:
        """The statistic of each cell that is shown, from the cells of its finer grouping."""
        rows, key = self.column(one.rows), self.column(one.key)
        is_there = exp.and_(
            exp.GT(this=rows, expression=exp.Literal.number(0)),
            exp.Not(this=exp.Is(this=key, expression=exp.Null())),
        )
        value = exp.Filter(this=_aggregate(one.function, key, rows), expression=exp.Where(this=is_there))
        missing = exp.LogicalOr(this=exp.Is(this=rows.copy(), expression=exp.Null()))
        unknown = exp.and_(exp.Not(this=exp.AnyValue(this=self.column(PARTIAL_COLUMN))), missing)
        known = exp.Case(ifs=[exp.If(this=unknown, true=exp.Null())], default=value)
        names = self.cell
        columns = [aliased(self._kept(name), name) for name in names]
        shown = [aliased(exp.column(_SHOWN, table=_FINER, quoted=True), GROUPING_COLUMN)] if self.groupings > 1 else []
        places: list[exp.Expr] = [exp.Literal.number(index + 1) for index in range(len(columns) + len(shown))]
        select = exp.select(
            *columns,
            *shown,
            aliased(known, _VALUE),
            aliased(exp.Count(this=exp.Star(), big_int=True), _CELLS),
            aliased(exp.BitwiseOrAgg(this=self.column(GAPS_COLUMN)), _GAPS),
        ).from_(exp.to_table(self.table, quoted=True))
        if self.groupings > 1:
            finer = exp.column(_FINER, table=_FINER, quoted=True)
            select = select.join(_pairs(one.finer), on=exp.EQ(this=self.column(GROUPING_COLUMN), expression=finer))
        return subquery(select.group_by(*places), one.cells_table)

    def _kept(self, name: str) -> exp.Expr:
        """A key column in the cells that are shown: NULL in totals over it, whatever the finer cells have."""
        keeping = [number for number, keys in self.kept.items() if name in keys]
        if name == CITY_COLUMN or len(keeping) == len(self.kept):
            return self.column(name)
        shown = exp.column(_SHOWN, table=_FINER, quoted=True)
        kept = exp.In(this=shown, expressions=[exp.Literal.number(number) for number in keeping])
        return exp.Case(ifs=[exp.If(this=kept, true=self.column(name))]) if keeping else exp.Null()

    def _same_cell(self, one: PlacedStatistic) -> exp.Expr:
        names = [*self.cell, *([GROUPING_COLUMN] if self.groupings > 1 else [])]
        same = [
            exp.NullSafeEQ(this=self.column(each), expression=exp.column(each, table=one.cells_table, quoted=True))
            for each in names
        ]
        return exp.and_(*same) if same else exp.true()

    def _beside(self, one: PlacedStatistic) -> exp.Expr:
        """The statistic of a cell; over no finer cell it is that of no row, where the cell itself is known."""
        value, cells = (exp.column(name, table=one.cells_table, quoted=True) for name in (_VALUE, _CELLS))
        if one.function is not KeyFunction.COUNT_DISTINCT:
            return value
        is_known = exp.Not(this=exp.Is(this=self.column(one.rows), expression=exp.Null()))
        none = exp.Case(ifs=[exp.If(this=is_known, true=exp.Literal.number(0))])
        return exp.Case(ifs=[exp.If(this=exp.Is(this=cells, expression=exp.Null()), true=none)], default=value)

    def _all_gaps(self, one: PlacedStatistic) -> exp.Expr:
        finer = exp.column(_GAPS, table=one.cells_table, quoted=True)
        return exp.BitwiseOr(this=self.column(GAPS_COLUMN), expression=or_none(finer))

    def column(self, name: str) -> exp.Column:
        """A released column, qualified: an alias of the same name never stands in for it."""
        return exp.column(name, table=self.table, quoted=True)


def _aggregate(function: KeyFunction, key: exp.Expr, rows: exp.Expr) -> exp.Expr:
    match function:
        case KeyFunction.COUNT_DISTINCT:
            return exp.Count(this=exp.Star(), big_int=True)
        case KeyFunction.MIN:
            return exp.Min(this=key.copy())
        case KeyFunction.MAX:
            return exp.Max(this=key.copy())
        case KeyFunction.MODE:
            most = exp.Ordered(this=rows.copy(), desc=True, nulls_first=False)
            smallest = exp.Ordered(this=key.copy(), nulls_first=False)
            return exp.First(this=exp.Order(this=key.copy(), expressions=[most, smallest]))


def _pairs(finer: Sequence[tuple[int, int]]) -> exp.Expr:
    rows = [exp.Tuple(expressions=[exp.Literal.number(number) for number in pair]) for pair in finer]
    names = [exp.to_identifier(name, quoted=True) for name in (_SHOWN, _FINER)]
    alias = exp.TableAlias(this=exp.to_identifier(_FINER, quoted=True), columns=names)
    return exp.Values(expressions=rows, alias=alias)


def released_cells(
    numbering: Numbering, statistics: Mapping[int, KeyStatistic], columns: Mapping[int, str]
) -> ReleasedCells:
    """The cells that are shown of what a question releases. `columns`: of each aggregate, by its node's identity."""
    counting, shown = numbering.counting, list(numbering.shown_sets())
    placed: dict[tuple[KeyStatistic, str], PlacedStatistic] = {}
    for node, one in statistics.items():
        key = counting.keys.index(one.key)
        placed[one, columns[node]] = placed.get((one, columns[node])) or PlacedStatistic(
            name=f"x{numbering.place.statistic + len(placed)}",
            text=one.text,
            function=one.function,
            key=numbering.key_column(one.key),
            rows=columns[node],
            finer=tuple((number, numbering.number(finer_set(kept, key))) for number, kept in shown),
        )
    return ReleasedCells(
        table=numbering.table,
        cities=numbering.city_columns,
        keys={simplify(key): numbering.key_column(key) for key in numbering.shown.keys},
        kept={number: numbering.kept_columns(one) for number, one in shown},
        groupings=numbering.groupings,
        statistics={node: placed[one, columns[node]] for node, one in statistics.items()},
        aggregates=tuple(dict.fromkeys(columns.values())),
    )
