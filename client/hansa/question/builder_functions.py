"""The aggregates and functions of the question language, as Python functions: a closed list."""

# ruff: noqa: A001  they are called as hansa.sum(…), by their names in SQL

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from hansa.question.builder_expression import Columnar, Expr, Measure, Operand, call, columnar, constant, operand
from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.sql.render import SQL_TYPES

Part = Literal[
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "isodow",
    "dow",
    "isoyear",
    "doy",
    "epoch",
]
TypeName = Literal["boolean", "integer", "number", "text", "date", "timestamp"]


def count(column: Columnar | None = None) -> Measure:
    """How many rows there are; with `column`, how many have a value in it."""
    return Measure(exp.Count(this=exp.Star() if column is None else columnar(column), big_int=True))


def count_distinct(column: Columnar) -> Measure:
    """How many different values there are: of the contract's privacy unit, or of what may be a key."""
    return Measure(exp.Count(this=exp.Distinct(expressions=[columnar(column)]), big_int=True))


def sum(column: Columnar) -> Measure:
    """The sum: SUM."""
    return _measure("SUM", column)


def mean(column: Columnar) -> Measure:
    """The mean: AVG."""
    return _measure("AVG", column)


def variance(column: Columnar) -> Measure:
    """The variance of a sample, by n − 1: VAR_SAMP."""
    return _measure("VAR_SAMP", column)


def stddev(column: Columnar) -> Measure:
    """The standard deviation of a sample, by n − 1: STDDEV_SAMP."""
    return _measure("STDDEV_SAMP", column)


def min(column: Columnar) -> Measure:
    """The smallest; of numbers and dates at level `open` only."""
    return _measure("MIN", column)


def max(column: Columnar) -> Measure:
    """The largest; of numbers and dates at level `open` only."""
    return _measure("MAX", column)


def mode(column: Columnar) -> Measure:
    """The most frequent value of what may be a key; of several the smallest."""
    return _measure("MODE", column)


def median(column: Columnar) -> Measure:
    """The quantile at 0.5."""
    return quantile(column, 0.5)


def quantile(column: Columnar, share: float) -> Measure:
    """Where `share`, 0 to 1, of the values lie at or below: from the contract's bins, with an interval."""
    return Measure(exp.Anonymous(this="QUANTILE_CONT", expressions=[columnar(column), constant(share)]))


def histogram(column: Columnar) -> Measure:
    """How many rows lie in each of the contract's bins."""
    return _measure("HISTOGRAM", column)


def grouping(key: Columnar) -> Measure:
    """1 where a row is a total over the key, as rollup() adds them, and 0 where it is of one of its values."""
    return Measure(exp.Grouping(expressions=[columnar(key)]))


def covariance(y: Columnar, x: Columnar) -> Measure:
    """The covariance of a sample, by n − 1: COVAR_SAMP."""
    return _measure("COVAR_SAMP", y, x)


def correlation(y: Columnar, x: Columnar) -> Measure:
    """Pearson's correlation: CORR."""
    return _measure("CORR", y, x)


def regr_slope(y: Columnar, x: Columnar) -> Measure:
    """The slope of the line that fits y to x."""
    return _measure("REGR_SLOPE", y, x)


def regr_intercept(y: Columnar, x: Columnar) -> Measure:
    """Where the line that fits y to x meets x = 0."""
    return _measure("REGR_INTERCEPT", y, x)


def regr_r2(y: Columnar, x: Columnar) -> Measure:
    """The share of y's variance that the line explains."""
    return _measure("REGR_R2", y, x)


def var_pop(column: Columnar) -> Measure:
    """The variance of all there are, by n: VAR_POP."""
    return _measure("VAR_POP", column)


def stddev_pop(column: Columnar) -> Measure:
    """The standard deviation of all there are, by n: STDDEV_POP."""
    return _measure("STDDEV_POP", column)


def covar_pop(y: Columnar, x: Columnar) -> Measure:
    """The covariance of all there are, by n: COVAR_POP."""
    return _measure("COVAR_POP", y, x)


def regr_count(y: Columnar, x: Columnar) -> Measure:
    """How many pairs have both values: REGR_COUNT."""
    return _measure("REGR_COUNT", y, x)


def regr_avgx(y: Columnar, x: Columnar) -> Measure:
    """The mean of x over the pairs: REGR_AVGX."""
    return _measure("REGR_AVGX", y, x)


def regr_avgy(y: Columnar, x: Columnar) -> Measure:
    """The mean of y over the pairs: REGR_AVGY."""
    return _measure("REGR_AVGY", y, x)


def regr_sxx(y: Columnar, x: Columnar) -> Measure:
    """The squares of x less its mean, added up over the pairs: REGR_SXX."""
    return _measure("REGR_SXX", y, x)


def regr_syy(y: Columnar, x: Columnar) -> Measure:
    """The squares of y less its mean, added up over the pairs: REGR_SYY."""
    return _measure("REGR_SYY", y, x)


def regr_sxy(y: Columnar, x: Columnar) -> Measure:
    """The products of both less their means, added up over the pairs: REGR_SXY."""
    return _measure("REGR_SXY", y, x)


def count_if(condition: Columnar) -> Measure:
    """How many rows the condition holds for."""
    return _measure("COUNT_IF", condition)


def bool_and(condition: Columnar) -> Measure:
    """Whether the condition holds for every row that says; NULL where none does."""
    return _measure("BOOL_AND", condition)


def bool_or(condition: Columnar) -> Measure:
    """Whether the condition holds for some row; NULL where no row says."""
    return _measure("BOOL_OR", condition)


def coalesce(column: Columnar, *others: Operand) -> Expr:
    """The first of them that is not NULL."""
    return call("coalesce", Expr(columnar(column)), *others)


def nullif(column: Columnar, value: Operand) -> Expr:
    """NULL where it equals `value`."""
    return call("nullif", Expr(columnar(column)), value)


def case(*branches: tuple[Expr, Operand], otherwise: Operand | None = None) -> Expr:
    """The value of the first branch (condition, value) that holds, or `otherwise`, by default NULL."""
    if not branches:
        example = "write case((t.c.x > 1, 'many'), otherwise='few')"
        raise RefusedError("wrong_type", "case() takes branches", example, "case")
    ifs = [exp.If(this=operand(condition), true=operand(value)) for condition, value in branches]
    return Expr(exp.Case(ifs=ifs, default=None if otherwise is None else operand(otherwise)))


def try_cast(column: Columnar, type_: TypeName) -> Expr:
    """The value as another type; NULL where it is none."""
    if type_ not in SQL_TYPES:
        rule = f"{shown(str(type_))} is no type of the question language"
        raise RefusedError("wrong_type", rule, nearest(str(type_), SQL_TYPES), "try_cast")
    return Expr(exp.TryCast(this=columnar(column), to=exp.DataType(this=SQL_TYPES[DataType(type_)])))


def date_trunc(part: Part, column: Columnar) -> Expr:
    """The first day or moment of the part; a week begins on Monday."""
    return call("date_trunc", part, Expr(columnar(column)))


def extract(part: Part, column: Columnar) -> Expr:
    """The number of the part: `isodow` is 1 (Monday) to 7, `dow` 0 (Sunday) to 6, `epoch` seconds since 1970."""
    return call("date_part", part, Expr(columnar(column)))


def bin(column: Columnar, width: float) -> Expr:
    """The lower edge of the bin of that width."""
    return call("bin", Expr(columnar(column)), width)


def grid(latitude: Columnar, longitude: Columnar, metres: int) -> Expr:
    """The number of the grid cell, about `metres` wide."""
    return call("grid", Expr(columnar(latitude)), Expr(columnar(longitude)), metres)


def _measure(name: str, *columns: Columnar) -> Measure:
    return Measure(exp.Anonymous(this=name, expressions=[columnar(column) for column in columns]))
