"""Plans as one DuckDB statement each, over the table `rows`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import assert_never

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.measure_bins import Bin
from hansa_core.contract.types import INT64_MAX, DataType, Value
from hansa_core.plan.expression import Expression
from hansa_core.plan.limbs import pairs_at
from hansa_core.plan.measure import measure_of
from hansa_core.plan.moments import Half, Moment, MomentKind, measures_of, moments_of
from hansa_core.plan.plan import Argument, Plan
from hansa_node.engines.duckdb.limbs import limb, power_of_two
from hansa_node.engines.duckdb.nodes import HUGEINT, balanced, binary, call, cast, huge, text, whole
from hansa_node.engines.duckdb.scalar import ScalarCompiler, stored
from hansa_node.engines.duckdb.steps import StepsCompiler

_BIGINTS = exp.DataType.build("BIGINT[]", dialect="duckdb")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatement:
    """SQL text and the values of its parameters `$1…`.

    `extremes`: where the answer has doubles whose order codes are the moments, and what stands for no double.
    """

    sql: str
    parameters: tuple[Value | None, ...]
    extremes: Mapping[int, int]


def compile_plan(plan: Plan, contract: Contract, *, limit: int) -> BoundStatement:
    """One row per cell: keys, then the plan's moments as HUGEINT, in no order and at most `limit` of them.

    An inner select computes keys, filters and the columns to add up; the outer one only groups.
    """
    compiler = ScalarCompiler(contract)
    inner = _InnerSelect(compiler, contract)
    keys = [inner.name("k", compiler.key(key)) for key in plan.keys]
    moments = moments_of(plan, contract)
    sums = [_aggregate(moment, inner, contract) for moment in moments]
    select = exp.Select(expressions=[*keys, *sums])
    select.set("from_", exp.From(this=exp.Subquery(this=inner.select(plan.where), alias=_alias("cells"))))
    if keys:
        select.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    select.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return BoundStatement(
        sql=select.sql(dialect="duckdb"),
        parameters=tuple(compiler.parameters),
        extremes={
            len(keys) + place: moment.nothing
            for place, moment in enumerate(moments)
            if _is_ordered_by_code(moment, contract)
        },
    )


class _InnerSelect:
    """The columns that the grouping reads, each computed once."""

    def __init__(self, compiler: ScalarCompiler, contract: Contract) -> None:
        self._compiler = compiler
        self._steps = StepsCompiler(compiler)
        self._contract = contract
        self._columns: list[exp.Expr] = []
        self._filters: dict[Expression, exp.Column] = {}
        self._arguments: dict[tuple[Argument, bool], exp.Column] = {}

    def name(self, prefix: str, sql: exp.Expr) -> exp.Column:
        name = f"{prefix}{len(self._columns)}"
        self._columns.append(exp.Alias(this=sql, alias=exp.to_identifier(name, quoted=True)))
        return exp.column(name, table="cells", quoted=True)

    def filter(self, condition: Expression) -> exp.Column:
        if condition not in self._filters:
            self._filters[condition] = self.name("f", self._compiler.compile(condition).sql)
        return self._filters[condition].copy()

    def argument(self, argument: Argument, *, as_it_is: bool) -> exp.Column:
        """What is aggregated: a column as it is stored, else what is computed, in whole steps unless `as_it_is` or
        where its doubles have more steps than fit in 64 bits."""
        place = argument, as_it_is and not isinstance(argument, str)  # a stored column is read once
        if place not in self._arguments:
            self._arguments[place] = self.name("c", self._argument(argument, as_it_is=as_it_is))
        return self._arguments[place].copy()

    def _argument(self, argument: Argument, *, as_it_is: bool) -> exp.Expr:
        if isinstance(argument, str):
            return stored(argument)
        measure = None if as_it_is else measure_of(argument, self._contract)
        if measure is None or measure.type.is_temporal:
            return self._compiler.compile(argument).sql
        if measure.exact is not None:
            return self._steps.compile(measure.exact)
        assert measure.doubles is not None
        doubles = self._compiler.compile(measure.doubles.expression).sql
        if not measure.fits_int64:
            return doubles
        return cast(binary(exp.Mul, doubles, power_of_two(-measure.doubles.grain)), DataType.INTEGER)

    def select(self, where: Expression | None) -> exp.Select:
        select = exp.Select(expressions=self._columns or [exp.Literal.number(1)])
        select.set("from_", exp.From(this=exp.to_table('"rows"', dialect="duckdb")))
        if where is not None:
            select.set("where", exp.Where(this=self._compiler.compile(where).sql))
        return select


def _aggregate(moment: Moment, inner: _InnerSelect, contract: Contract) -> exp.Expr:
    as_it_is = moment.kind is MomentKind.COUNT
    columns = [
        inner.argument(argument, as_it_is=as_it_is)
        for argument in (moment.column, moment.second)
        if argument is not None
    ]
    conditions = [_is_known(column) for column in columns[1:]]
    if moment.where is not None:
        conditions.append(inner.filter(moment.where))
    if moment.bin is not None:
        return _rows_in(moment.bin, _histogram(moment, columns[0], conditions, contract), moment, contract)
    if moment.limb is not None:
        return _sum_of_limbs(moment, columns, conditions, contract)
    aggregate = _filtered(_unfiltered(moment, columns, contract), conditions)
    if _is_ordered_by_code(moment, contract):
        return aggregate
    if moment.kind in (MomentKind.MIN, MomentKind.MAX):
        assert moment.column is not None
        aggregate = _whole(aggregate, measure_of(moment.column, contract).type)
    if not moment.counts:
        aggregate = exp.Coalesce(this=aggregate, expressions=[exp.Literal.number(moment.nothing)])
    return exp.Cast(this=aggregate, to=HUGEINT.copy())


def _filtered(aggregate: exp.Expr, conditions: Sequence[exp.Expr]) -> exp.Expr:
    if not conditions:
        return aggregate
    where = exp.Where(this=exp.and_(*(condition.copy() for condition in conditions)))
    return exp.Filter(this=aggregate, expression=where)


def _sum_of_limbs(
    moment: Moment, columns: Sequence[exp.Column], conditions: Sequence[exp.Expr], contract: Contract
) -> exp.Expr:
    """The limbs of one place, or the products of limbs, added up: each is of 62 bits at most."""
    assert moment.limb is not None
    measures = measures_of(moment, contract)
    if moment.kind is MomentKind.SUM:
        terms = [limb(columns[0], moment.limb, measures[0])]
    else:
        first = columns[0]
        second = first if moment.kind is MomentKind.SQUARES else columns[1]  # of a pair both stand in `columns`
        places = pairs_at(moment.limb, measures[0].limbs, measures[1].limbs)
        terms = [binary(exp.Mul, limb(first, i, measures[0]), limb(second, j, measures[1])) for i, j in places]
    sums: list[exp.Expr] = [
        exp.Coalesce(this=_filtered(exp.Sum(this=term), conditions), expressions=[exp.Literal.number(0)])
        for term in terms
    ]
    return exp.Cast(this=reduce(partial(binary, exp.Add), sums), to=HUGEINT.copy())


def _histogram(moment: Moment, column: exp.Column, conditions: Sequence[exp.Expr], contract: Contract) -> exp.Expr:
    """How many values end at each edge of the contract's bins, all in one pass: equal for all bins of one column, so
    that DuckDB computes it once."""
    edges = exp.Array(expressions=[whole(edge) for edge in _edges(moment, contract)])
    return _filtered(call("histogram", column, exp.Cast(this=edges, to=_BIGINTS.copy())), conditions)


def _rows_in(one: Bin, histogram: exp.Expr, moment: Moment, contract: Contract) -> exp.Expr:
    """The rows in a bin: those of the finest bins that it is made of, added up."""
    first, last = one
    parts = [
        exp.Coalesce(
            this=call("map_extract_value", histogram.copy(), cast(whole(edge), DataType.INTEGER)),
            expressions=[whole(0)],
        )
        for edge in _edges(moment, contract)
        if first <= edge <= last
    ]
    return exp.Cast(this=exp.Paren(this=balanced(exp.Add, parts)), to=HUGEINT.copy())


def _edges(moment: Moment, contract: Contract) -> tuple[int, ...]:
    """The last quanta of the column's finest bins, after that of what lies below all of them."""
    bins = contract.columns[str(moment.column)].all_bins
    return tuple(sorted({end for first, last in bins for end in (first - 1, last)}))


def _is_ordered_by_code(moment: Moment, contract: Contract) -> bool:
    return moment.wide and measures_of(moment, contract)[0].is_ordered_by_code


def _unfiltered(moment: Moment, columns: Sequence[exp.Column], contract: Contract) -> exp.Expr:
    match moment.kind:
        case MomentKind.ROWS:
            return exp.Count(this=exp.Star())
        case MomentKind.COUNT | MomentKind.MEASURED:
            return exp.Count(this=columns[0])
        case MomentKind.SUM:
            return exp.Sum(this=columns[0])
        case MomentKind.SQUARES:
            return exp.Sum(this=_product(moment, columns[0], columns[0].copy(), contract))
        case MomentKind.PRODUCTS:
            first, second = columns
            return exp.Sum(this=_product(moment, first, second, contract))
        case MomentKind.DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[columns[0]]))
        case MomentKind.MIN:
            return exp.Min(this=columns[0])
        case MomentKind.MAX:
            return exp.Max(this=columns[0])
        case MomentKind.BIN:
            raise AssertionError("bins are counted by one histogram")
        case _:
            assert_never(moment.kind)


def _whole(extreme: exp.Expr, kind: DataType) -> exp.Expr:
    """A date as days, a timestamp as microseconds since the start of 1970, as `whole_of` counts them."""
    match kind:
        case DataType.DATE:
            return call("date_diff", text("day"), call("make_date", whole(1970), whole(1), whole(1)), extreme)
        case DataType.TIMESTAMP:
            return call("epoch_us", extreme)
        case _:
            return extreme


def _product(moment: Moment, left: exp.Column, right: exp.Column, contract: Contract) -> exp.Expr:
    """The product of the quanta, or a half of it. Two of 64 bits fit into 128."""
    product = binary(exp.Mul, left if _is_narrow(moment, contract) else huge(left), right)
    match moment.half:
        case Half.HIGH:
            return binary(exp.BitwiseRightShift, product, whole(64))
        case Half.LOW:
            return binary(exp.BitwiseAnd, product, huge(whole(2**64 - 1)))
        case None:
            return product


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


def _is_known(column: exp.Column) -> exp.Expr:
    return exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))
