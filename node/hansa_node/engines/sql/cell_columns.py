"""Cell columns: the keys, filters and values that the grouping reads, each computed once per row."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Expression
from hansa_core.plan.measure import measure_of
from hansa_core.plan.plan import Argument
from hansa_node.engines.sql.dialect import SqlTypes
from hansa_node.engines.sql.limbs import power_of_two
from hansa_node.engines.sql.scalar import ScalarCompiler, stored
from hansa_node.engines.sql.steps import StepsCompiler
from hansa_node.engines.sql.syntax import Sql, binary, whole


class CellColumns:
    """The columns of one statement's inner select, which the outer one names `cells`."""

    def __init__(self, scalars: ScalarCompiler, types: SqlTypes, contract: Contract) -> None:
        self._scalars = scalars
        self._types = types
        self._steps = StepsCompiler(scalars, types)
        self._contract = contract
        self._columns: list[Sql] = []
        self._filters: dict[Expression, str] = {}
        self._arguments: dict[tuple[Argument, bool], str] = {}

    def key(self, expression: Expression) -> str:
        """A key of the cells, by its name."""
        return self._named("k", self._scalars.key(expression))

    def filter(self, condition: Expression) -> exp.Column:
        """What an aggregate's FILTER asks for."""
        if condition not in self._filters:
            self._filters[condition] = self._named("f", self._scalars.compile(condition).sql)
        return cell(self._filters[condition])

    def argument(self, argument: Argument, *, as_it_is: bool) -> exp.Column:
        """What is aggregated: a column as it is stored, else what is computed, in whole steps unless `as_it_is` or
        where its doubles have more steps than fit in 64 bits."""
        place = argument, as_it_is and not isinstance(argument, str)  # a stored column is read once
        if place not in self._arguments:
            self._arguments[place] = self._named("c", self._argument(argument, as_it_is=as_it_is))
        return cell(self._arguments[place])

    def select(self, where: Expression | None) -> exp.Select:
        """The inner select; call it last."""
        select = exp.Select(expressions=self._columns or [whole(1)])
        select.set("from_", exp.From(this=exp.Table(this=exp.to_identifier("rows", quoted=True))))
        if where is not None:
            select.set("where", exp.Where(this=self._scalars.compile(where).sql))
        return select

    def _argument(self, argument: Argument, *, as_it_is: bool) -> Sql:
        if isinstance(argument, str):
            return stored(argument)
        measure = None if as_it_is else measure_of(argument, self._contract)
        if measure is None or measure.type.is_temporal:
            return self._scalars.compile(argument).sql
        if measure.exact is not None:
            return self._steps.compile(measure.exact)
        assert measure.doubles is not None
        doubles = self._scalars.compile(measure.doubles.expression).sql
        if not measure.fits_int64:
            return doubles
        steps = binary(exp.Mul, doubles, power_of_two(self._types, -measure.doubles.grain))
        return self._types.cast(steps, DataType.INTEGER)

    def _named(self, prefix: str, sql: Sql) -> str:
        name = f"{prefix}{len(self._columns)}"
        self._columns.append(exp.Alias(this=sql, alias=exp.to_identifier(name, quoted=True)))
        return name


def cell(name: str) -> exp.Column:
    """A column of the inner select by its name: a node of its own for each place, at a third of a copy's cost."""
    return exp.Column(this=exp.to_identifier(name, quoted=True), table=exp.to_identifier("cells", quoted=True))
