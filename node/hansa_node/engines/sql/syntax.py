"""The pieces of SQL syntax that compiled expressions are made of, the same in every dialect."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

Sql = exp.Expr


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


def case(*arms: tuple[Sql, Sql], default: Sql | None = None) -> Sql:
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in arms], default=default)


def or_zero(sql: Sql) -> Sql:
    """The number, or 0 for NULL."""
    return exp.Coalesce(this=sql, expressions=[whole(0)])


def is_known(sql: Sql) -> Sql:
    return exp.Not(this=exp.Is(this=sql.copy(), expression=exp.Null()))


def filtered(aggregate: Sql, conditions: Sequence[Sql]) -> Sql:
    """The aggregate over the rows where all conditions hold."""
    if not conditions:
        return aggregate
    where = exp.Where(this=exp.and_(*(condition.copy() for condition in conditions), copy=False))
    return exp.Filter(this=aggregate, expression=where)
