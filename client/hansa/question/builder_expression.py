"""Columns, constants and operators of a question as Python values: trees of SQL, never text."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from hansa.question.constants import constant_of, unfit
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_core.plan.text_functions import ESCAPE
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.render import literal_tree

_BRACKETED = (exp.Binary, exp.Unary, exp.In, exp.Between, exp.Escape)
"""What is not read as one operand beside an operator."""


class Expr:
    """A value computed from columns. Combine it with + - * / == != < <= > >=, with & | ~ for AND, OR, NOT, and abs().

    What it means and whether it is well typed is decided where a question takes it.
    """

    __slots__ = ("_tree",)
    __hash__ = None  # type: ignore[assignment]  # equality is a question here

    def __init__(self, tree: exp.Expr) -> None:
        self._tree = tree

    @property
    def tree(self) -> exp.Expr:
        """A copy that a larger tree may own."""
        return self._tree.copy()

    def __repr__(self) -> str:
        return self._tree.sql(DIALECT)

    def __bool__(self) -> bool:
        raise RefusedError(
            "wrong_type",
            "a condition has no truth before the cities are asked, so and, or, not and a < b < c cannot use it",
            "write & | ~ with brackets around each side, and between() for a range",
            repr(self),
        )

    def __add__(self, other: Operand) -> Expr:
        return _binary(exp.Add, self, other)

    def __radd__(self, other: Operand) -> Expr:
        return _binary(exp.Add, other, self)

    def __sub__(self, other: Operand) -> Expr:
        return _binary(exp.Sub, self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return _binary(exp.Sub, other, self)

    def __mul__(self, other: Operand) -> Expr:
        return _binary(exp.Mul, self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return _binary(exp.Mul, other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return _binary(exp.Div, self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return _binary(exp.Div, other, self)

    def __floordiv__(self, other: Operand) -> Expr:
        return _binary(exp.IntDiv, self, other)

    def __rfloordiv__(self, other: Operand) -> Expr:
        return _binary(exp.IntDiv, other, self)

    def __mod__(self, other: Operand) -> Expr:
        return _binary(exp.Mod, self, other)

    def __rmod__(self, other: Operand) -> Expr:
        return _binary(exp.Mod, other, self)

    def __neg__(self) -> Expr:
        return Expr(exp.Neg(this=operand(self)))

    def __abs__(self) -> Expr:
        return call("abs", self)

    def __eq__(self, other: Operand | None) -> Expr:  # type: ignore[override]
        return _compared(exp.EQ, self, other)

    def __ne__(self, other: Operand | None) -> Expr:  # type: ignore[override]
        return _compared(exp.NEQ, self, other)

    def __lt__(self, other: Operand) -> Expr:
        return _compared(exp.LT, self, other)

    def __le__(self, other: Operand) -> Expr:
        return _compared(exp.LTE, self, other)

    def __gt__(self, other: Operand) -> Expr:
        return _compared(exp.GT, self, other)

    def __ge__(self, other: Operand) -> Expr:
        return _compared(exp.GTE, self, other)

    def __and__(self, other: Expr | bool) -> Expr:
        return _binary(exp.And, self, other)

    def __rand__(self, other: bool) -> Expr:
        return _binary(exp.And, other, self)

    def __or__(self, other: Expr | bool) -> Expr:
        return _binary(exp.Or, self, other)

    def __ror__(self, other: bool) -> Expr:
        return _binary(exp.Or, other, self)

    def __invert__(self) -> Expr:
        return Expr(exp.Not(this=operand(self)))

    def is_in(self, values: Iterable[Operand]) -> Expr:
        """Whether it is one of the values; their order does not matter. Raises RefusedError for a text or for none."""
        listed = [] if isinstance(values, str) else [operand(value) for value in values]
        if not listed:
            raise RefusedError("wrong_type", "is_in() takes a list of values", "write is_in(['a', 'b'])", repr(self))
        return Expr(exp.In(this=operand(self), expressions=listed))

    def is_null(self) -> Expr:
        """Whether there is no value."""
        return Expr(exp.Is(this=operand(self), expression=exp.Null()))

    def is_not_null(self) -> Expr:
        """Whether there is a value."""
        return ~self.is_null()

    def between(self, low: Operand, high: Operand) -> Expr:
        """Whether it lies from `low` to `high`, both included."""
        return Expr(exp.Between(this=operand(self), low=operand(low), high=operand(high)))

    def like(self, pattern: str) -> Expr:
        """Whether the text fits: % is any text, _ one code point, a backslash takes the next character as it is."""
        return self._matched(exp.Like, pattern)

    def ilike(self, pattern: str) -> Expr:
        """As like(), where A to Z and a to z are the same."""
        return self._matched(exp.ILike, pattern)

    def starts_with(self, text: str) -> Expr:
        """Whether it begins with the text."""
        return Expr(exp.StartsWith(this=operand(self), expression=constant(text)))

    def ends_with(self, text: str) -> Expr:
        """Whether it ends with the text."""
        return Expr(exp.EndsWith(this=operand(self), expression=constant(text)))

    def contains(self, text: str) -> Expr:
        """Whether the text stands anywhere in it."""
        return Expr(exp.Contains(this=operand(self), expression=constant(text)))

    def is_true(self) -> Expr:
        """Whether the condition holds; never NULL."""
        return Expr(exp.Is(this=operand(self), expression=exp.true()))

    def is_false(self) -> Expr:
        """Whether the condition says no; never NULL."""
        return Expr(exp.Is(this=operand(self), expression=exp.false()))

    def is_same_as(self, other: Operand) -> Expr:
        """IS NOT DISTINCT FROM: as ==, but NULL is the same as NULL; never NULL."""
        return Expr(exp.NullSafeEQ(this=operand(self), expression=operand(other)))

    def _matched(self, kind: type[exp.Binary], pattern: str) -> Expr:
        like = kind(this=operand(self), expression=constant(pattern))
        return Expr(exp.Escape(this=like, expression=exp.Literal.string(ESCAPE)))

    def asc(self) -> Order:
        """To be ordered by, smallest first; what is missing comes last."""
        return Order(self, descending=False)

    def desc(self) -> Order:
        """To be ordered by, largest first; what is missing comes last."""
        return Order(self, descending=True)


class Measure(Expr):
    """An aggregate; arithmetic on aggregates is done at the analyst's side, over what the cities released."""

    __slots__ = ()

    def filter(self, *conditions: Expr) -> Measure:
        """The same over the rows where all of the conditions hold."""
        held = conjunction(conditions, "filter")
        if not isinstance(self._tree, exp.Filter):
            return Measure(exp.Filter(this=self.tree, expression=exp.Where(this=held.tree)))
        before = Expr(self._tree.expression.this)
        return Measure(exp.Filter(this=self._tree.this.copy(), expression=exp.Where(this=(before & held).tree)))


class Order:
    """What an answer is ordered by, and which way."""

    __slots__ = ("descending", "key")

    def __init__(self, key: Expr, *, descending: bool) -> None:
        self.key = key
        self.descending = descending

    @property
    def tree(self) -> exp.Ordered:
        """The item of ORDER BY."""
        return exp.Ordered(this=self.key.tree, desc=self.descending, nulls_first=False)


Operand = Expr | Value
"""A value beside an operator: a text is a text, not the name of a column."""

Columnar = Expr | str
"""What a function is applied to: a text is the name of a column."""


def col(name: str) -> Expr:
    """A column by its name, or `city`. `league.table(…).c` completes the names."""
    if not isinstance(name, str) or not name:
        raise RefusedError("unknown_column", "a column is named by a text", "write col('…')", shown(str(name)))
    return Expr(exp.column(name, quoted=True))


def lit(value: Value | None) -> Expr:
    """A constant, where a bare value would be read as the name of a column; None is NULL. Raises RefusedError."""
    return Expr(exp.Null() if value is None else constant(value))


def columnar(column: Columnar) -> exp.Expr:
    """The tree of what a function is applied to."""
    return (column if isinstance(column, Expr) else col(column)).tree


def operand(value: Operand) -> exp.Expr:
    """The tree of one side of an operator, in brackets where it needs them. Raises RefusedError."""
    tree = value.tree if isinstance(value, Expr) else constant(value)
    bare = isinstance(tree, exp.Paren) or not isinstance(tree, _BRACKETED)
    return tree if bare else exp.Paren(this=tree)


def conjunction(conditions: Iterable[Expr], where: str) -> Expr:
    """All of the conditions at once. Raises RefusedError if there is none, or one is no condition."""
    joined: Expr | None = None
    for condition in conditions:
        if not isinstance(condition, Expr):
            rule = f"{where}() takes conditions, not {type(condition).__name__}"
            raise RefusedError("wrong_type", rule, "write for example t.c.kind == 'cog'", where)
        joined = condition if joined is None else joined & condition
    if joined is None:
        raise RefusedError("wrong_type", f"{where}() takes at least one condition", "leave it out, or give one", where)
    return joined


def call(function: str, *arguments: Operand) -> Expr:
    """A function of the language by its name in SQL; bare values are constants."""
    trees = [argument.tree if isinstance(argument, Expr) else constant(argument) for argument in arguments]
    return Expr(exp.Anonymous(this=function, expressions=trees))


def constant(value: Value) -> exp.Expr:
    """The tree of a constant: its type follows from the Python value. Raises RefusedError (`wrong_type`)."""
    return literal_tree(constant_of(value))


def _compared(kind: type[exp.Binary], left: Expr, right: Operand | None) -> Expr:
    if right is None:
        raise RefusedError("wrong_type", *unfit(None), repr(left))
    return _binary(kind, left, right)


def _binary(kind: type[exp.Binary], left: Operand, right: Operand) -> Expr:
    return Expr(kind(this=_side(kind, left), expression=_side(kind, right)))


def _side(kind: type[exp.Binary], value: Operand) -> exp.Expr:
    """A chain of AND, or of OR, needs no brackets inside: each costs the reader stack."""
    chained = kind in (exp.And, exp.Or) and isinstance(value, Expr) and type(value._tree) is kind
    return value.tree if chained and isinstance(value, Expr) else operand(value)
