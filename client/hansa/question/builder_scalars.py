"""The functions of texts, numbers and dates of the question language, as Python functions: a closed list."""

# ruff: noqa: A001  they are called as hansa.round(…), by their names in SQL

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from hansa.question.builder_expression import Columnar, Expr, Operand, call, columnar, operand
from hansa_core.errors import RefusedError

Boundary = Literal["year", "quarter", "month", "week", "day", "hour", "minute", "second"]


def lower(text: Columnar) -> Expr:
    """The text with a to z for A to Z; other letters stay."""
    return call("lower", _column(text))


def upper(text: Columnar) -> Expr:
    """The text with A to Z for a to z; other letters stay."""
    return call("upper", _column(text))


def length(text: Columnar) -> Expr:
    """How many code points the text has."""
    return call("length", _column(text))


def strftime(moment: Columnar, text: str) -> Expr:
    """The date as a text: `strftime("day", "%Y-%m")`."""
    return call("strftime", _column(moment), text)


def dayname(moment: Columnar) -> Expr:
    """The weekday in English: Monday to Sunday."""
    return call("dayname", _column(moment))


def monthname(moment: Columnar) -> Expr:
    """The month in English: January to December."""
    return call("monthname", _column(moment))


def left(text: Columnar, count: int) -> Expr:
    """The first code points."""
    return call("left", _column(text), count)


def right(text: Columnar, count: int) -> Expr:
    """The last code points."""
    return call("right", _column(text), count)


def substring(text: Columnar, first: int, count: int | None = None) -> Expr:
    """The code points from `first`, counted from 1: `count` of them, or all that follow."""
    return call("substring", _column(text), first, *(() if count is None else (count,)))


def trim(text: Columnar) -> Expr:
    """The text without spaces at both ends."""
    return call("trim", _column(text))


def ltrim(text: Columnar) -> Expr:
    """The text without spaces at its start."""
    return call("ltrim", _column(text))


def rtrim(text: Columnar) -> Expr:
    """The text without spaces at its end."""
    return call("rtrim", _column(text))


def join(first: Columnar, *others: Operand) -> Expr:
    """The texts one behind the other; NULL as soon as one is: ||. Raises RefusedError without a second one."""
    if not others:
        raise RefusedError("wrong_type", "join() takes two or more texts", "write join('mode', '-', t.c.line)", "join")
    joined = operand(_column(first))
    for other in others:
        joined = exp.DPipe(this=joined, expression=operand(other))
    return Expr(joined)


def greatest(first: Columnar, *others: Operand) -> Expr:
    """The greatest of them; NULLs are skipped."""
    return call("greatest", _column(first), *others)


def least(first: Columnar, *others: Operand) -> Expr:
    """The least of them; NULLs are skipped."""
    return call("least", _column(first), *others)


def floor(number: Columnar) -> Expr:
    """The greatest whole number that is not above it."""
    return call("floor", _column(number))


def ceil(number: Columnar) -> Expr:
    """The least whole number that is not below it."""
    return call("ceil", _column(number))


def trunc(number: Columnar) -> Expr:
    """The number without its fraction."""
    return call("trunc", _column(number))


def round(number: Columnar, digits: int = 0) -> Expr:
    """The nearest whole number, or the nearest with so many digits behind the point; halves go away from zero."""
    return call("round", _column(number), *((digits,) if digits else ()))


def sqrt(number: Columnar) -> Expr:
    """The square root; NULL below 0."""
    return call("sqrt", _column(number))


def date_diff(part: Boundary, start: Columnar, end: Columnar) -> Expr:
    """How many boundaries of the part lie between the two; weeks begin on Monday."""
    return call("date_diff", part, _column(start), _column(end))


def date_add(part: Boundary, day: Columnar, count: int) -> Expr:
    """So many parts later, or before if `count` is below 0; NULL outside the years 1 to 9999."""
    if not str(part).isalpha():
        rule, remedy = "an interval names a part of the calendar", "write date_add('day', 'x', 7)"
        raise RefusedError("wrong_type", rule, remedy, "part")
    interval = exp.Interval(this=exp.Literal.string(str(int(count))), unit=exp.Var(this=str(part).upper()))
    return Expr(exp.Add(this=operand(_column(day)), expression=interval))


def _column(column: Columnar) -> Expr:
    return Expr(columnar(column))
