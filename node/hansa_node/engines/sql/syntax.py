"""The pieces of DuckDB syntax that compiled expressions are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from hansa_core.contract.types import DataType

Sql = exp.Expr
Bound = Callable[[], Sql]
"""A bound value: each call gives a new node that names it."""

HUGEINT = exp.DataType.build("HUGEINT", dialect="duckdb")
_TYPES = {
    DataType.BOOLEAN: exp.DataType.build("BOOLEAN", dialect="duckdb"),
    DataType.INTEGER: exp.DataType.build("BIGINT", dialect="duckdb"),
    DataType.NUMBER: exp.DataType.build("DOUBLE", dialect="duckdb"),
    DataType.TEXT: exp.DataType.build("VARCHAR", dialect="duckdb"),
    DataType.DATE: exp.DataType.build("DATE", dialect="duckdb"),
    DataType.TIMESTAMP: exp.DataType.build("TIMESTAMP", dialect="duckdb"),
}


class Binder:
    """Binds values to names within one statement, so that an operand needed twice is written once."""

    def __init__(self) -> None:
        self._count = 0

    def let(self, value: Sql, body: Callable[[Bound], Sql]) -> Sql:
        """`body` over a name for `value`: a list of one, transformed and unpacked."""
        self._count += 1
        name = f"v{self._count}"
        function = exp.Lambda(this=body(lambda: exp.column(name)), expressions=[exp.to_identifier(name)], colon=True)
        return item(call("list_transform", exp.Array(expressions=[value]), function), 1)


def cast(sql: Sql, kind: DataType) -> Sql:
    return exp.Cast(this=sql, to=_TYPES[kind].copy())


def try_cast(sql: Sql, kind: DataType) -> Sql:
    return exp.TryCast(this=sql, to=_TYPES[kind].copy())


def huge(sql: Sql) -> Sql:
    """An integer in 128 bits: the sum or product of two int64 fits."""
    return exp.Cast(this=sql, to=HUGEINT.copy())


def whole(value: int) -> Sql:
    """A whole number that this code chose; what a question says is bound instead."""
    return exp.Literal.number(value)


def text(value: str) -> Sql:
    """A text that this code chose; what a question says is bound instead."""
    return exp.Literal.string(value)


def binary(kind: type[exp.Binary], left: Sql, right: Sql) -> Sql:
    return kind(this=paren(left), expression=paren(right))


def balanced(kind: type[exp.Binary], operands: Sequence[Sql]) -> Sql:
    """A chain as a balanced tree: thousands of conditions nest a dozen deep."""
    if len(operands) == 1:
        return operands[0]
    middle = len(operands) // 2
    return binary(kind, balanced(kind, operands[:middle]), balanced(kind, operands[middle:]))


def paren(sql: Sql) -> Sql:
    return exp.Paren(this=sql) if isinstance(sql, exp.Binary | exp.Not | exp.In) else sql


def call(name: str, *arguments: Sql) -> Sql:
    return exp.Anonymous(this=name, expressions=list(arguments))


def item(items: Sql, index: int | Sql) -> Sql:
    """An element of a list, counted from 1."""
    return call("list_extract", items, whole(index) if isinstance(index, int) else index)


def matches(sql: Sql, pattern: str) -> Sql:
    """Whether the whole text fits the pattern."""
    return call("regexp_full_match", sql, text(pattern))


def case(*arms: tuple[Sql, Sql], default: Sql | None = None) -> Sql:
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in arms], default=default)
