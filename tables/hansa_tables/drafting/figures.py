"""Figures of a column: its least and greatest number, and how many decimals are written."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.reading import ColumnReading
from hansa_tables.opening import VIEW
from hansa_tables.source import SPACES


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFigures:
    """Over all rows that are read as numbers."""

    least: float
    greatest: float
    decimals: int


def figures_of(connection: duckdb.DuckDBPyConnection, look: ColumnLook, reading: ColumnReading) -> ColumnFigures | None:
    """None where no row has a number."""
    number = _plain(look.name, reading)
    value = exp.TryCast(this=number.copy(), to=exp.DataType.build("DOUBLE"))
    point, zero = exp.Literal.string("."), exp.Literal.string("0")
    part = exp.func("split_part", number, point, exp.Literal.number(2))
    # 12.50 has two decimals, and 12.00 none.
    is_whole = exp.EQ(this=exp.func("rtrim", part, zero), expression=exp.Literal.string(""))
    decimals = exp.Case(
        ifs=[exp.If(this=is_whole, true=exp.Literal.number(0))], default=exp.func("length", part.copy())
    )
    finite = exp.select(value.as_("value"), decimals.as_("decimals")).from_(VIEW).subquery("read")
    query = (
        exp.select("min(value)", "max(value)", "max(decimals)")
        .from_(finite)
        .where(exp.func("isfinite", exp.column("value")))
    )
    (least, greatest, most), *_ = connection.execute(query.sql(dialect="duckdb")).fetchall()
    return None if least is None else ColumnFigures(least=least, greatest=greatest, decimals=most or 0)


def _plain(name: str, reading: ColumnReading) -> exp.Expr:
    """The text as a number with a point and nothing else."""
    text: exp.Expr = exp.func("trim", exp.cast(exp.column(name, quoted=True), exp.DataType.build("VARCHAR")))
    strip = reading.keys.get("strip")
    for affix in strip if isinstance(strip, list) else ():
        text = exp.func("trim", exp.func("replace", text, exp.Literal.string(str(affix)), exp.Literal.string("")))
    thousands = reading.keys.get("thousands")
    if thousands is not None:
        signs = SPACES if thousands == " " else str(thousands)
        for sign in signs:
            text = exp.func("replace", text, exp.Literal.string(sign), exp.Literal.string(""))
    point = exp.Literal.string(str(reading.keys.get("decimal", ".")))
    return exp.func("replace", text, point, exp.Literal.string("."))
