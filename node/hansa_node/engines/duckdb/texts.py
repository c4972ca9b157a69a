"""Texts in DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Op
from hansa_node.engines.duckdb.numbers import finite
from hansa_node.engines.duckdb.types import TYPES, try_cast
from hansa_node.engines.sql.dialect import Binder
from hansa_node.engines.sql.syntax import Sql, call, text


class DuckDBTexts:
    """The Texts of DuckDB, whose own functions count code points."""

    def function(self, op: Op, arguments: Sequence[Sql]) -> Sql:
        if op in (Op.TRIM, Op.LTRIM, Op.RTRIM):  # without its second argument it takes every kind of space away
            return call(op.value, *arguments, text(" "))
        return call(op.value, *arguments)

    def matches(self, value: Sql, pattern: str) -> Sql:
        return call("regexp_full_match", value, text(pattern))

    def read(self, binder: Binder, value: Sql, target: DataType) -> Sql:
        read = try_cast(value, target)
        match target:
            case DataType.INTEGER:
                return TYPES.widened(read)
            case DataType.NUMBER:  # 400 digits are infinite
                return finite(binder, read)
            case _:
                return read
