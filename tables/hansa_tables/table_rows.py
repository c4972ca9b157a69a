"""Table rows: a table as DuckDB selects it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """What DuckDB selects from. `path`: the file that it may open for that; None for what is attached already."""

    rows: exp.Expr
    path: Path | None = None


def reader(name: str, path: Path, **options: exp.Expr) -> exp.Expr:
    """The call of one of DuckDB's table functions on a file."""
    given = [exp.PropertyEQ(this=exp.to_identifier(key), expression=value) for key, value in options.items()]
    return exp.Anonymous(this=name, expressions=[exp.Literal.string(str(path)), *given])


def texts_by_name(types: Mapping[str, str]) -> exp.Expr:
    """DuckDB's types of columns, by their names."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.Literal.string(name), expression=exp.Literal.string(kind))
            for name, kind in types.items()
        ]
    )
