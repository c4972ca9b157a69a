"""Dialect: what an engine has to spell so that a compiled plan means the same there as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlglot import exp

from hansa_core.contract.measure_bins import Bin
from hansa_core.contract.types import DataType, DatePart
from hansa_core.plan.expression import Op
from hansa_node.engines.sql.syntax import Sql


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A value that is computed once; each call gives a new node that names it."""

    sql: Sql

    def __call__(self) -> Sql:
        return self.sql.copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTypes:
    """The engine's types. `wide`: an integer of 38 digits, which no sum or product of two int64 leaves."""

    of: Mapping[DataType, exp.DataType]
    wide: exp.DataType

    def cast(self, sql: Sql, kind: DataType) -> Sql:
        """A value that has one of that type: a date's midnight, a whole double's integer, a moment's day."""
        return exp.Cast(this=sql, to=self.of[kind].copy())

    def widened(self, sql: Sql) -> Sql:
        """An integer that sums and products do not overflow."""
        return exp.Cast(this=sql, to=self.wide.copy())


class Dialect(Protocol):
    """How one engine spells the operations that engines spell differently. No row may make a piece raise an error."""

    @property
    def name(self) -> str:
        """The dialect of sqlglot that renders the statement."""

    @property
    def types(self) -> SqlTypes:
        """What the types of the language are stored and computed as."""

    @property
    def numbers(self) -> Numbers:
        """Arithmetic."""

    @property
    def texts(self) -> Texts:
        """Texts."""

    @property
    def calendar(self) -> Calendar:
        """Dates and timestamps."""

    @property
    def sums(self) -> Sums:
        """Aggregates."""

    def parameter(self, number: int, kind: DataType) -> Sql:
        """The value that is bound at a place, counted from 1, as the type."""

    def let(self, name: str, values: Sequence[Sql], body: Callable[..., Sql]) -> Sql:
        """`body` over one NamedValue for each of the values, which are computed once. `name` is free for it to use."""

    def item(self, items: Sequence[Sql], index: Sql) -> Sql:
        """The item at an index, counted from 1, which is one of the list's."""


class Numbers(Protocol):
    """Arithmetic of integers and doubles. `wide`: of the wide integer type."""

    def narrowed(self, binder: Binder, wide: Sql) -> Sql:
        """An int64, or NULL where it does not fit."""

    def computed(self, binder: Binder, operator: type[exp.Binary], left: Sql, right: Sql) -> Sql:
        """`+ - * /` of two doubles as IEEE 754 rounds it, or NULL where that is infinite or not a number."""

    def nearest_double(self, wide: Sql) -> Sql:
        """The double nearest to a wide integer, rounded once."""

    def nearest_integer(self, binder: Binder, number: Sql) -> Sql:
        """The int64 nearest to a double, halves away from zero; NULL where it does not fit."""

    def whole(self, op: Op, number: Sql) -> Sql:
        """The whole double that FLOOR, CEIL or TRUNC give."""

    def rounded(self, binder: Binder, number: Sql) -> Sql:
        """The nearest whole double, halves away from zero."""

    def bin(self, binder: Binder, number: Sql, width: Sql) -> Sql:
        """floor(number / width) · width in doubles; NULL where that is not finite."""

    def quotient(self, binder: Binder, dividend: Sql, divisor: Sql) -> Sql:
        """The double nearest to a quotient of two int64, rounded once; NULL at 0."""

    def whole_quotient(self, dividend: Sql, divisor: Sql) -> Sql:
        """The quotient of two integers, toward zero. The divisor is never 0."""

    def bits_above(self, integer: Sql, count: int) -> Sql:
        """floor(integer / 2**count)."""

    def bits_below(self, integer: Sql, count: int) -> Sql:
        """The lowest bits, as a number from 0 to 2**count - 1: of a negative one those of two's complement."""


class Texts(Protocol):
    """Texts, in code points."""

    def function(self, op: Op, arguments: Sequence[Sql]) -> Sql:
        """TRIM, LTRIM and RTRIM (of U+0020), LENGTH, LEFT, RIGHT or SUBSTRING; places and lengths are bounded."""

    def matches(self, value: Sql, pattern: str) -> Sql:
        """Whether the whole text fits the regular expression: classes, groups, counts and alternatives."""

    def read(self, binder: Binder, value: Sql, target: DataType) -> Sql:
        """A text of the form of `hansa_core.plan.casts` as number, date or timestamp; of digits as a wide integer.

        NULL where there is no such day, or no such finite or wide number. The form is checked before.
        """


class Calendar(Protocol):
    """Dates and timestamps without a zone, of the years 1 to 9999."""

    def truncated(self, part: DatePart, moment: Sql, kind: DataType) -> Sql:
        """The start of the part, in the moment's own type."""

    def extracted(self, part: DatePart, moment: Sql) -> Sql:
        """The number of the part, an int64; not for EPOCH_US."""

    def months_between(self, binder: Binder, part: DatePart, start: Sql, end: Sql) -> Sql:
        """How many starts of months, quarters or years lie between two timestamps."""

    def months_later(self, moment: Sql, months: int) -> Sql:
        """The timestamp so many months later, on the last day of a month that is too short."""

    def microseconds(self, moment: Sql) -> Sql:
        """Microseconds from the start of 1970 to the timestamp, an int64."""

    def at_microseconds(self, binder: Binder, count: Sql) -> Sql:
        """The timestamp so many microseconds after the start of 1970."""

    def days(self, date: Sql) -> Sql:
        """Days from the start of 1970 to the date."""


class Sums(Protocol):
    """Aggregates over the rows of a cell."""

    def total(self, integer: Sql) -> Sql:
        """The sum of int64 or wide integers, of 38 digits; NULL over no rows."""

    def rows_in(self, column: Sql, conditions: Sequence[Sql], one: Bin, edges: Sequence[int]) -> Sql:
        """How many values of an int64 column lie in a bin, both ends included, among the rows where all conditions
        hold. `edges`: the last value of each of the column's finest bins, after that of what lies below all of them.
        """


class Binder:
    """Binds values to names within one statement, so that an operand needed twice is written once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._count = 0

    def let(self, values: Sequence[Sql], body: Callable[..., Sql]) -> Sql:
        """`body` over one NamedValue for each of the values."""
        self._count += 1
        return self._dialect.let(f"v{self._count}", values, body)
