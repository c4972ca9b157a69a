"""The scalar expressions of a plan: columns, literals and calls from a closed list of operators."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value, type_of_value


class Op(StrEnum):
    """Every operator there is. Arguments in order; a literal argument is marked with `!`."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    AND = "and"  # two or more
    OR = "or"  # two or more
    NOT = "not"
    IN = "in"  # x, then one or more literals!
    IS_NULL = "is_null"
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"  # a number; NULL at 0
    ABS = "abs"
    COALESCE = "coalesce"  # two or more
    NULLIF = "nullif"
    CASE = "case"  # condition, value, condition, value, …, and an optional last value for ELSE
    TRY_CAST = "try_cast"  # x, the name of a DataType!
    DATE_TRUNC = "date_trunc"  # the name of a DatePart!, x
    EXTRACT = "extract"  # the name of a DatePart!, x
    BIN = "bin"  # x, width! > 0: the lower edge of the bin [k·width, (k+1)·width) that holds x
    GRID = "grid"  # latitude and longitude in degrees, metres!: the number of a grid cell
    MOD = "%"  # two integers: the remainder, with the sign of the first; NULL at 0
    GREATEST = "greatest"  # two or more; NULLs are skipped
    LEAST = "least"  # two or more; NULLs are skipped
    FLOOR = "floor"  # of a number a whole number, still a number
    CEIL = "ceil"
    TRUNC = "trunc"  # toward zero
    ROUND = "round"  # halves away from zero
    SQRT = "sqrt"  # a number; NULL below 0
    DATE_DIFF = "date_diff"  # the name of a DatePart!, from, to: how many of its boundaries lie between
    DATE_ADD = "date_add"  # the name of a DatePart!, x, how many!: months clip to the last day of theirs
    LIKE = "like"  # x, pattern!: % is any text, _ one code point, a backslash takes the next character as it is
    ILIKE = "ilike"  # as LIKE, where A to Z and a to z are the same
    LOWER = "lower"  # A to Z only
    UPPER = "upper"  # a to z only
    LENGTH = "length"  # in code points, as all below
    LEFT = "left"  # x, how many! from 0
    RIGHT = "right"  # x, how many! from 0
    SUBSTRING = "substring"  # x, the first! from 1, and perhaps how many! from 0
    TRIM = "trim"  # without spaces (U+0020) at both ends
    LTRIM = "ltrim"  # without spaces at its start
    RTRIM = "rtrim"  # without spaces at its end
    JOIN = "||"  # two or more texts, one behind the other


COMPARISONS = frozenset({Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE})
ARITHMETIC = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.DIV})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the contract."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `value` None is NULL of that type."""

    value: Value | None
    type: DataType

    def __post_init__(self) -> None:
        if self.value is None:
            return
        if type_of_value(self.value) is not self.type:
            raise ValueError(f"a literal of type {self.type} cannot carry a {type(self.value).__name__}")
        if self.type is DataType.INTEGER and not INT64_MIN <= int(self.value) <= INT64_MAX:  # type: ignore[arg-type]
            raise ValueError("an integer literal must fit in 64 bits")
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise ValueError("a number literal must be finite")
        if isinstance(self.value, datetime) and self.value.tzinfo is not None:
            raise ValueError("a timestamp literal is UTC and names no zone; convert it and drop the zone")


@dataclass(frozen=True, slots=True)
class Call:
    """An operator applied to its arguments; `hansa_core.plan.typing` says which calls are well formed."""

    op: Op
    args: tuple[Expression, ...]


Expression = Column | Literal | Call


def literal(value: Value) -> Literal:
    """The literal that carries `value`."""
    return Literal(value, type_of_value(value))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, parents first, without recursion."""
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Call):
            stack.extend(reversed(node.args))


def columns_of(expression: Expression) -> frozenset[str]:
    """The names of the columns that the expression reads."""
    return frozenset(node.name for node in walk(expression) if isinstance(node, Column))
