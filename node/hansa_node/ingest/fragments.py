"""Pieces of DuckDB's SQL with places that expressions fill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import duckdb
from sqlglot import exp

Sql = exp.Expr


def fragment(template: str, **parts: Sql) -> Sql:
    """DuckDB text with `:name` places that expressions fill: no text of a person ever becomes SQL."""
    return exp.replace_placeholders(_parsed(template), **parts)


@lru_cache(maxsize=512)
def _parsed(template: str) -> Sql:
    """Filled by copies of itself: most columns need the same few."""
    return exp.maybe_parse(template, dialect="duckdb")


def literal(value: str | None) -> Sql:
    """A text, or NULL."""
    return exp.null() if value is None else exp.Literal.string(value)


def name_of(kind: str, index: int) -> exp.Column:
    """An internal column: its kind and the place of the contract column that it belongs to."""
    return exp.column(f"{kind}{index}", quoted=True)


def create_temporary(
    connection: duckdb.DuckDBPyConnection, name: str, selection: exp.Select, values: Sequence[object] = ()
) -> None:
    """A table that never reaches the dataset's file. `values`: of its parameters, $1 and so on."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    creation = exp.Create(this=exp.to_table(name), kind="TABLE", expression=selection, properties=temporary)
    connection.execute(creation.sql(dialect="duckdb"), list(values))
