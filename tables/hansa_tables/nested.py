"""Nested fields: the fields of a record as columns of their own, by their path `user.zip`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
from sqlglot import exp


def flattened(connection: duckdb.DuckDBPyConnection, rows: exp.Expr) -> exp.Select:
    """A selection of all columns, in which each field of a record has a column and the record has none."""
    relation = connection.sql(exp.select("*").from_(rows).sql(dialect="duckdb"))
    leaves = [
        leaf for name, kind in zip(relation.columns, relation.types, strict=True) for leaf in _leaves((name,), kind)
    ]
    names = {path[0] for path in leaves if len(path) == 1}
    chosen = [path for path in leaves if len(path) == 1 or ".".join(path) not in names]
    return exp.select(*(_value(path).as_(".".join(path), quoted=True) for path in chosen)).from_(rows.copy())


def _leaves(path: tuple[str, ...], kind: Any) -> Iterator[tuple[str, ...]]:
    if kind.id != "struct":
        yield path
        return
    for name, inner in kind.children:
        yield from _leaves((*path, name), inner)


def _value(path: tuple[str, ...]) -> exp.Expr:
    value: exp.Expr = exp.column(path[0], quoted=True)
    for name in path[1:]:
        value = exp.Anonymous(this="struct_extract", expressions=[value, exp.Literal.string(name)])
    return value
