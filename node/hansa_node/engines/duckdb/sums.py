"""Aggregates in DuckDB: sums in 128 bits, and all bins of a column in one pass."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hansa_core.contract.measure_bins import Bin
from hansa_core.contract.types import DataType
from hansa_node.engines.duckdb.types import TYPES
from hansa_node.engines.sql.syntax import Sql, balanced, call, filtered, or_zero, whole

_BIGINTS = exp.DataType.build("BIGINT[]", dialect="duckdb")


class DuckDBSums:
    """The Sums of DuckDB."""

    def total(self, integer: Sql) -> Sql:
        return exp.Sum(this=integer)

    def rows_in(self, column: Sql, conditions: Sequence[Sql], one: Bin, edges: Sequence[int]) -> Sql:
        """Those of the finest bins that the bin is made of, added up.

        The histogram is the same text for all bins of one column, so that DuckDB computes it once.
        """
        first, last = one
        ends = exp.Cast(this=exp.Array(expressions=[whole(edge) for edge in edges]), to=_BIGINTS.copy())
        histogram = filtered(call("histogram", column, ends), conditions)
        parts = [
            or_zero(call("map_extract_value", histogram.copy(), TYPES.cast(whole(edge), DataType.INTEGER)))
            for edge in edges
            if first <= edge <= last
        ]
        return exp.Paren(this=balanced(exp.Add, parts))
