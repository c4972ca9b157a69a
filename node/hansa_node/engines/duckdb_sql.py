"""How does a plan read as one DuckDB statement over the table `rows`?"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from hansa_core.query.contract import Contract
from hansa_core.query.expression import Expression
from hansa_core.query.moments import Moment, MomentKind, moments_of
from hansa_core.query.plan import Plan
from hansa_core.query.types import Value
from hansa_node.engines.duckdb_scalar import ScalarCompiler, stored


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatement:
    """SQL text and the values of its parameters `$1…`."""

    sql: str
    parameters: tuple[Value | None, ...]


def compile_plan(plan: Plan, contract: Contract, *, limit: int) -> BoundStatement:
    """One row per cell: keys, then the plan's moments as HUGEINT, in no order and at most `limit` of them.

    An inner select computes keys, filters and the columns to add up; the outer one only groups.
    """
    compiler = ScalarCompiler(contract)
    inner = _InnerSelect(compiler)
    keys = [inner.name("k", compiler.key(key)) for key in plan.keys]
    sums = [_aggregate(moment, inner) for moment in moments_of(plan)]
    select = exp.Select(expressions=[*keys, *sums])
    select.set("from_", exp.From(this=exp.Subquery(this=inner.select(plan.where), alias=_alias("cells"))))
    if keys:
        select.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    select.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return BoundStatement(sql=select.sql(dialect="duckdb"), parameters=tuple(compiler.parameters))


class _InnerSelect:
    """The columns that the grouping reads, each computed once."""

    def __init__(self, compiler: ScalarCompiler) -> None:
        self._compiler = compiler
        self._columns: list[exp.Expr] = []
        self._filters: dict[Expression, exp.Column] = {}
        self._stored: dict[str, exp.Column] = {}

    def name(self, prefix: str, sql: exp.Expr) -> exp.Column:
        name = f"{prefix}{len(self._columns)}"
        self._columns.append(exp.Alias(this=sql, alias=exp.to_identifier(name, quoted=True)))
        return exp.column(name, table="cells", quoted=True)

    def filter(self, condition: Expression) -> exp.Column:
        if condition not in self._filters:
            self._filters[condition] = self.name("f", self._compiler.compile(condition).sql)
        return self._filters[condition].copy()

    def stored(self, column: str) -> exp.Column:
        if column not in self._stored:
            self._stored[column] = self.name("c", stored(column))
        return self._stored[column].copy()

    def select(self, where: Expression | None) -> exp.Select:
        select = exp.Select(expressions=self._columns or [exp.Literal.number(1)])
        select.set("from_", exp.From(this=exp.to_table('"rows"', dialect="duckdb")))
        if where is not None:
            select.set("where", exp.Where(this=self._compiler.compile(where).sql))
        return select


def _aggregate(moment: Moment, inner: _InnerSelect) -> exp.Expr:
    column = None if moment.column is None else inner.stored(moment.column)
    aggregate: exp.Expr
    match moment.kind:
        case MomentKind.ROWS:
            aggregate = exp.Count(this=exp.Star())
        case MomentKind.COUNT:
            aggregate = exp.Count(this=column)
        case MomentKind.SUM:
            aggregate = exp.Sum(this=column)
        case MomentKind.DISTINCT:
            aggregate = exp.Count(this=exp.Distinct(expressions=[column]))
    if moment.where is not None:
        aggregate = exp.Filter(this=aggregate, expression=exp.Where(this=inner.filter(moment.where)))
    if moment.kind is MomentKind.SUM:
        aggregate = exp.Coalesce(this=aggregate, expressions=[exp.Literal.number(0)])
    return exp.Cast(this=aggregate, to=exp.DataType.build("HUGEINT", dialect="duckdb"))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))
