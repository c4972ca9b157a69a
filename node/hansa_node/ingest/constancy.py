"""Constancy: each privacy unit has the one value that the contract promises of a column."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError


def check_constant_columns(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Look at the view `staged`: distinct units are added up over such columns, and one in two cells counts twice.

    Raises ConfigError that names the first column and how many units break its promise.
    """
    columns = [column.name for column in contract.columns.values() if column.constant_per_unit]
    if not columns:
        return
    unit = exp.column(contract.unit, quoted=True)
    per_unit = exp.select(*(_is_split(name).as_(name, quoted=True) for name in columns)).from_("staged").group_by(unit)
    counts = exp.select(*(exp.func("count_if", exp.column(name, quoted=True)) for name in columns))
    (found,) = connection.execute(counts.from_(per_unit.subquery("units")).sql(dialect="duckdb")).fetchall()
    for name, split in zip(columns, found, strict=True):
        if split:
            raise ConfigError(
                f"{name}: {split:,} of the {contract.unit}s have more than one value, and {contract.id} promises one; "
                "correct the source or the mapping"
            )


def _is_split(name: str) -> exp.Expression:
    """Whether a unit's rows hold two values of the column, or one value and NULL."""
    column = exp.column(name, quoted=True)
    distinct = exp.Count(this=exp.Distinct(expressions=[column]))
    some_null = exp.LT(this=exp.Count(this=column.copy()), expression=exp.Count(this=exp.Star()))
    return exp.Or(
        this=exp.GT(this=distinct, expression=exp.Literal.number(1)),
        expression=exp.And(
            this=some_null, expression=exp.GT(this=exp.Count(this=column.copy()), expression=exp.Literal.number(0))
        ),
    )
