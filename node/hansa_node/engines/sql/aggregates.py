"""Moments as SQL aggregates over the rows of a cell: exact integers, whatever the engine adds up in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import assert_never

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import INT64_MAX
from hansa_core.plan.limbs import pairs_at
from hansa_core.plan.measure import measure_of
from hansa_core.plan.moments import HALF_BITS, Half, Moment, MomentKind, measures_of
from hansa_node.engines.sql.calendar import wholes
from hansa_node.engines.sql.cell_columns import CellColumns
from hansa_node.engines.sql.dialect import Dialect
from hansa_node.engines.sql.limbs import limb
from hansa_node.engines.sql.syntax import Sql, binary, filtered, is_known, or_zero, whole


class AggregateCompiler:
    """Compiles the moments of one statement over its cell columns."""

    def __init__(self, cells: CellColumns, contract: Contract, dialect: Dialect) -> None:
        self._cells = cells
        self._contract = contract
        self._dialect = dialect

    def compile(self, moment: Moment) -> Sql:
        """The moment as a wide integer; of extremes that are ordered by code, the double itself or NULL."""
        as_it_is = moment.kind is MomentKind.COUNT
        columns = [
            self._cells.argument(argument, as_it_is=as_it_is)
            for argument in (moment.column, moment.second)
            if argument is not None
        ]
        conditions: list[Sql] = [is_known(column) for column in columns[1:]]
        if moment.where is not None:
            conditions.append(self._cells.filter(moment.where))
        if is_ordered_by_code(moment, self._contract):
            return filtered(self._aggregate(moment, columns), conditions)
        return self._dialect.types.widened(self._number(moment, columns, conditions))

    def _number(self, moment: Moment, columns: Sequence[exp.Column], conditions: Sequence[Sql]) -> Sql:
        """The moment, or what it is over no rows."""
        if moment.bin is not None:
            edges = _edges(moment, self._contract)
            return self._dialect.sums.rows_in(columns[0], conditions, moment.bin, edges)
        if moment.limb is not None:
            return self._sum_of_limbs(moment, columns, conditions)
        aggregate = filtered(self._aggregate(moment, columns), conditions)
        if moment.kind in (MomentKind.MIN, MomentKind.MAX):
            assert moment.column is not None
            aggregate = wholes(self._dialect.calendar, aggregate, measure_of(moment.column, self._contract).type)
        if moment.counts:
            return aggregate
        return exp.Coalesce(this=aggregate, expressions=[whole(moment.nothing)])

    def _aggregate(self, moment: Moment, columns: Sequence[exp.Column]) -> Sql:
        match moment.kind:
            case MomentKind.ROWS:
                return exp.Count(this=exp.Star())
            case MomentKind.COUNT | MomentKind.MEASURED:
                return exp.Count(this=columns[0])
            case MomentKind.SUM:
                return self._dialect.sums.total(columns[0])
            case MomentKind.SQUARES:
                return self._dialect.sums.total(self._product(moment, columns[0], columns[0].copy()))
            case MomentKind.PRODUCTS:
                return self._dialect.sums.total(self._product(moment, *columns))
            case MomentKind.DISTINCT:
                return exp.Count(this=exp.Distinct(expressions=[columns[0]]))
            case MomentKind.MIN:
                return exp.Min(this=columns[0])
            case MomentKind.MAX:
                return exp.Max(this=columns[0])
            case MomentKind.BIN:
                raise AssertionError("the rows in bins are counted all together")
            case _:
                assert_never(moment.kind)

    def _sum_of_limbs(self, moment: Moment, columns: Sequence[exp.Column], conditions: Sequence[Sql]) -> Sql:
        """The limbs of one place, or the products of limbs, added up: each is of 62 bits at most."""
        assert moment.limb is not None
        measures = measures_of(moment, self._contract)
        if moment.kind is MomentKind.SUM:
            terms = [limb(self._dialect, columns[0], moment.limb, measures[0])]
        else:
            first = columns[0]
            second = first if moment.kind is MomentKind.SQUARES else columns[1]  # of a pair both stand in `columns`
            terms = [
                binary(
                    exp.Mul,
                    limb(self._dialect, first, i, measures[0]),
                    limb(self._dialect, second, j, measures[1]),
                )
                for i, j in pairs_at(moment.limb, measures[0].limbs, measures[1].limbs)
            ]
        sums = [or_zero(filtered(self._dialect.sums.total(term), conditions)) for term in terms]
        return reduce(lambda left, right: binary(exp.Add, left, right), sums)

    def _product(self, moment: Moment, left: exp.Column, right: exp.Column) -> Sql:
        """The product of the quanta, or a half of it. Two of 64 bits fit into 38 digits."""
        is_narrow = _is_narrow(moment, self._contract)
        product = binary(exp.Mul, left if is_narrow else self._dialect.types.widened(left), right)
        match moment.half:
            case Half.HIGH:
                return self._dialect.numbers.bits_above(product, HALF_BITS)
            case Half.LOW:
                return self._dialect.numbers.bits_below(product, HALF_BITS)
            case None:
                return product


def is_ordered_by_code(moment: Moment, contract: Contract) -> bool:
    """Whether the moment is the order code of a double, which SQL does not compute."""
    return moment.wide and measures_of(moment, contract)[0].is_ordered_by_code


def _edges(moment: Moment, contract: Contract) -> tuple[int, ...]:
    """The last quanta of the column's finest bins, after that of what lies below all of them."""
    bins = contract.columns[str(moment.column)].all_bins
    return tuple(sorted({end for first, last in bins for end in (first - 1, last)}))


def _is_narrow(moment: Moment, contract: Contract) -> bool:
    """Whether a product of the quanta of two stored values fits into int64: ingest clips a column without a domain to
    its bounds, and multiplying in 64 bits is several times faster."""
    arguments = (moment.column, moment.column if moment.kind is MomentKind.SQUARES else moment.second)
    reach = 1
    for argument in arguments:
        column = contract.columns[argument] if isinstance(argument, str) else None
        if column is None or column.domain is not None or column.per_city:
            return False
        reach *= measure_of(column.name, contract).reach
    return reach <= INT64_MAX
