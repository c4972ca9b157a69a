"""The dialect of DuckDB: how it spells what the shared compiler leaves to an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_node.engines.duckdb.calendar import DuckDBCalendar
from hansa_node.engines.duckdb.numbers import DuckDBNumbers
from hansa_node.engines.duckdb.sums import DuckDBSums
from hansa_node.engines.duckdb.texts import DuckDBTexts
from hansa_node.engines.duckdb.types import TYPES, item
from hansa_node.engines.sql.dialect import NamedValue
from hansa_node.engines.sql.syntax import Sql, call


class DuckDBDialect:
    """The Dialect of DuckDB."""

    name = "duckdb"
    types = TYPES
    numbers = DuckDBNumbers()
    texts = DuckDBTexts()
    calendar = DuckDBCalendar()
    sums = DuckDBSums()

    def parameter(self, number: int, kind: DataType) -> Sql:
        return TYPES.cast(exp.Placeholder(this=str(number)), kind)

    def let(self, name: str, values: Sequence[Sql], body: Callable[..., Sql]) -> Sql:
        """A list of one, transformed and unpacked; several values are one list in it, so they have one type."""
        column = exp.column(name)
        if len(values) == 1:
            (value,) = values
            names = [NamedValue(column)]
        else:
            value = exp.Array(expressions=list(values))
            names = [NamedValue(item(column, place)) for place in range(1, len(values) + 1)]
        function = exp.Lambda(this=body(*names), expressions=[exp.to_identifier(name)], colon=True)
        return item(call("list_transform", exp.Array(expressions=[value]), function), 1)

    def item(self, items: Sequence[Sql], index: Sql) -> Sql:
        return item(exp.Array(expressions=list(items)), index)
