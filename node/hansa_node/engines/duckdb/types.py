"""DuckDB's names for the language's types, and the casts that give NULL where a value has none of the type."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_node.engines.sql.dialect import SqlTypes
from hansa_node.engines.sql.syntax import Sql, call, whole

TYPES = SqlTypes(
    of={
        DataType.BOOLEAN: exp.DataType.build("BOOLEAN", dialect="duckdb"),
        DataType.INTEGER: exp.DataType.build("BIGINT", dialect="duckdb"),
        DataType.NUMBER: exp.DataType.build("DOUBLE", dialect="duckdb"),
        DataType.TEXT: exp.DataType.build("VARCHAR", dialect="duckdb"),
        DataType.DATE: exp.DataType.build("DATE", dialect="duckdb"),
        DataType.TIMESTAMP: exp.DataType.build("TIMESTAMP", dialect="duckdb"),
    },
    wide=exp.DataType.build("HUGEINT", dialect="duckdb"),
)


def try_cast(sql: Sql, kind: DataType) -> Sql:
    """The value as the type, or NULL where it has none."""
    return exp.TryCast(this=sql, to=TYPES.of[kind].copy())


def item(items: Sql, index: int | Sql) -> Sql:
    """An element of a list, counted from 1."""
    return call("list_extract", items, whole(index) if isinstance(index, int) else index)
